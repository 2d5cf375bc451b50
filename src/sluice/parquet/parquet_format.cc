// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/parquet_format.h"

#include "sluice/parquet/thrift_compact.h"
#include "sluice/parquet/thrift_fields.h"

namespace sluice {

void AppendPageHeader(const PageHeader& header, std::string& out) {
  ThriftWriter w(out);
  w.I32(1, static_cast<int32_t>(header.type));
  w.I32(2, static_cast<int32_t>(header.uncompressed));
  w.I32(3, static_cast<int32_t>(header.compressed));
  w.I32(4, static_cast<int32_t>(header.crc));
  const bool data = header.type == PageType::kData;
  w.BeginStruct(data ? 5 : 7);
  w.I32(1, static_cast<int32_t>(header.values));
  w.I32(2, static_cast<int32_t>(header.encoding));
  if (data) {
    w.I32(3, static_cast<int32_t>(PageEncoding::kRle));  // definition levels
    w.I32(4,
          static_cast<int32_t>(PageEncoding::kRle));  // repetition levels, of which there are none
  }
  w.End();
  w.End();
}

namespace {

PageEncoding Encoding(ThriftReader& r) {
  const PageEncoding encoding{r.I32()};
  switch (encoding) {
    case PageEncoding::kPlain:
    case PageEncoding::kPlainDictionary:
    case PageEncoding::kRle:
    case PageEncoding::kRleDictionary:
      return encoding;
  }
  r.Refuse("unknown encoding");
  return PageEncoding::kPlain;
}

void ParsePageKind(ThriftReader& r, PageHeader& header) {
  const bool data = header.type == PageType::kData;
  RequiredFields required = data ? RequiredFields{1, 2, 3, 4} : RequiredFields{1, 2};
  r.EnterStruct();
  while (r.NextField()) {
    required.Saw(r.id());
    if (r.id() == 1) {
      header.values = ReadCount32(r);
    } else if (r.id() == 2) {
      header.encoding = Encoding(r);
    } else if ((r.id() == 3 || r.id() == 4) && data) {
      if (Encoding(r) != PageEncoding::kRle) r.Refuse("levels in another encoding than RLE");
    } else {
      r.Skip();
    }
  }
  required.Check(r);
}

}  // namespace

Result<std::pair<PageHeader, size_t>> ParsePageHeader(std::string_view data) {
  PageHeader header;
  RequiredFields required{1, 2, 3, 4};
  bool has_kind = false;
  ThriftReader r(data);
  r.BeginStruct();
  while (r.NextField()) {
    required.Saw(r.id());
    switch (r.id()) {
      case 1: {
        const int32_t type = r.I32();
        if (type != static_cast<int32_t>(PageType::kData) &&
            type != static_cast<int32_t>(PageType::kDictionary)) {
          r.Refuse("neither a V1 data page nor a dictionary");
        }
        header.type = PageType{type};
        break;
      }
      case 2:
        header.uncompressed = ReadCount32(r);
        break;
      case 3:
        header.compressed = ReadCount32(r);
        break;
      case 4:
        header.crc = static_cast<uint32_t>(r.I32());
        break;
      case 5:
      case 7:
        if ((r.id() == 5) != (header.type == PageType::kData)) r.Refuse("header of another page");
        ParsePageKind(r, header);
        has_kind = true;
        break;
      default:
        r.Skip();
    }
  }
  required.Check(r);
  if (!has_kind) r.Refuse("required field missing");
  if (!r.ok()) return Fail(ErrorKind::kBadData, "bad page header: {}", r.fault());
  return std::pair(header, r.position());
}

}  // namespace sluice
