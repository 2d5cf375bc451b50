// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/schema_reader.h"

#include "sluice/parquet/parquet_format.h"
#include "sluice/parquet/thrift_fields.h"

namespace sluice {
namespace {

// Each Parse function reads one struct (NextField is called from its first field on) and refuses it
// when something is missing or unknown.

void ParseTimestamp(ThriftReader& r) {
  bool utc = false, micros = false;
  while (r.NextField()) {
    if (r.id() == 1) {
      utc = r.Bool();
    } else if (r.id() == 2) {
      r.EnterStruct();
      while (r.NextField()) {
        micros = r.id() == 2;
        r.Skip();
      }
    } else {
      r.Skip();
    }
  }
  if (!utc || !micros) r.Refuse("timestamp that is not UTC-adjusted microseconds");
}

void ParseDecimal(ThriftReader& r, const SchemaElement& element) {
  int32_t scale = -1, precision = -1;
  while (r.NextField()) {
    if (r.id() == 1) {
      scale = r.I32();
    } else if (r.id() == 2) {
      precision = r.I32();
    } else {
      r.Skip();
    }
  }
  if (scale != element.scale || precision != element.precision) {
    r.Refuse("two different decimal annotations");
  }
}

void ParseInteger(ThriftReader& r) {
  int8_t bits = 0;
  bool is_signed = false;
  while (r.NextField()) {
    if (r.id() == 1) {
      bits = r.Byte();
    } else if (r.id() == 2) {
      is_signed = r.Bool();
    } else {
      r.Skip();
    }
  }
  if (bits != 16 || !is_signed) r.Refuse("integer annotation other than INT_16");
}

void ParseLogicalType(ThriftReader& r, SchemaElement& element) {
  r.EnterStruct();
  while (r.NextField()) {
    const LogicalType logical{r.id()};
    if (element.logical) r.Refuse("two logical types");
    element.logical = logical;
    r.EnterStruct();
    switch (logical) {
      case LogicalType::kString:
      case LogicalType::kDate:
        while (r.NextField()) r.Skip();
        break;
      case LogicalType::kDecimal:
        ParseDecimal(r, element);
        break;
      case LogicalType::kTimestampMicrosUtc:
        ParseTimestamp(r);
        break;
      case LogicalType::kInt16:
        ParseInteger(r);
        break;
      default:
        r.Refuse("unknown logical type");
    }
  }
}

SchemaElement ParseSchemaElement(ThriftReader& r) {
  SchemaElement element;
  RequiredFields required{1, 3, 4};
  r.BeginStruct();
  while (r.NextField()) {
    required.Saw(r.id());
    switch (r.id()) {
      case 1:
        element.type = PhysicalType{r.I32()};
        break;
      case 2:
        element.type_length = r.I32();
        break;
      case 3: {
        const int32_t repetition = r.I32();
        if (repetition != 0 && repetition != 1) r.Refuse("repeated column");
        element.required = repetition == 0;
        break;
      }
      case 4:
        element.name = r.Binary();
        break;
      case 5:
        r.Refuse("nested column");
        break;
      case 6:
        element.converted = ConvertedType{r.I32()};
        break;
      case 7:
        element.scale = r.I32();
        break;
      case 8:
        element.precision = r.I32();
        break;
      case 10:
        ParseLogicalType(r, element);
        break;
      default:
        r.Skip();
    }
  }
  required.Check(r);
  return element;
}

}  // namespace

std::vector<SchemaElement> ReadSchema(ThriftReader& r) {
  std::vector<SchemaElement> columns;
  const size_t elements = r.List(ThriftType::kStruct);
  if (elements < 1) r.Refuse("bad schema");
  if (elements > kMostColumnsInFile + 1) r.Refuse("too many columns");
  int32_t children = -1;
  r.BeginStruct();
  while (r.NextField()) {
    if (r.id() == 5) {
      children = r.I32();
    } else {
      r.Skip();
    }
  }
  if (children < 1 || static_cast<size_t>(children) != elements - 1) r.Refuse("bad schema root");
  for (size_t i = 1; i < elements && r.ok(); ++i) columns.push_back(ParseSchemaElement(r));
  return columns;
}

}  // namespace sluice
