// SPDX-License-Identifier: Apache-2.0
#include "sluice/object/s3_bucket.h"

#include <array>
#include <charconv>

#include "sluice/aws/checksum.h"
#include "sluice/aws/xml_reader.h"
#include "sluice/base/base64.h"
#include "sluice/base/percent_encoding.h"
#include "sluice/object/s3_failure.h"

namespace sluice {
namespace {

constexpr std::string_view kChecksumHeader = "x-amz-checksum-crc64nvme";
constexpr std::chrono::milliseconds kAnswerTime{30'000};
// S3 puts parts together while it answers ("several minutes", API reference).
constexpr std::chrono::milliseconds kCompletionTime{300'000};
constexpr size_t kSlowestBytesPerMilli = 256;

std::string ChecksumText(uint64_t crc) {
  std::array<char, 8> bytes;  // the most significant one first
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(crc >> (56 - 8 * i));
  return ToBase64({bytes.data(), bytes.size()});
}

std::optional<uint64_t> ChecksumIn(const HttpResponse& answer) {
  const std::string* const text = answer.Header(kChecksumHeader);
  const std::string* const type = answer.Header("x-amz-checksum-type");
  if (text == nullptr || (type != nullptr && *type != "FULL_OBJECT")) return std::nullopt;
  const auto bytes = FromBase64(*text);
  if (!bytes || bytes->size() != 8) return std::nullopt;
  uint64_t crc = 0;
  for (const char byte : *bytes) crc = crc << 8 | static_cast<unsigned char>(byte);
  return crc;
}

std::string Unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.starts_with('"') && etag.ends_with('"')) {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

std::optional<uint64_t> NumberIn(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::unexpected<Error> BadAnswer(std::string_view what) {
  return Fail(ErrorKind::kOutcomeUnknown, "s3: an answer without {}", what);
}

Result<std::string> ETagOf(const HttpResponse& answer) {
  const std::string* const etag = answer.Header("ETag");
  if (etag == nullptr || etag->empty()) return BadAnswer("an ETag");
  return Unquoted(*etag);
}

// The ETag in an answer to bytes that were sent: S3 has them, and the same.
Result<std::string> ETagOfStored(const HttpResponse& answer, uint64_t crc) {
  SLUICE_TRY(CheckNoError(answer));
  const std::string* const text = answer.Header(kChecksumHeader);
  if (text == nullptr || *text == ChecksumText(crc)) return ETagOf(answer);
  return Fail(ErrorKind::kOutcomeUnknown, "s3: the checksum of what it stored is another");
}

// The root of an answer's document, which is called `name`.
Result<XmlElement> DocumentIn(const HttpResponse& answer, std::string_view name) {
  SLUICE_TRY(CheckNoError(answer));
  Result<XmlElement> root = ParseXml(answer.body);
  if (!root) return BadAnswer(fmt::format("a whole {}: {}", name, root.error().message()));
  if (root->name != name) return BadAnswer(fmt::format("a {}", name));
  return root;
}

// What the document called `name` says at `path`, which is something.
Result<std::string> TextIn(const HttpResponse& answer, std::string_view name,
                           std::string_view path) {
  SLUICE_ASSIGN(const XmlElement root, DocumentIn(answer, name));
  const std::string_view text = root.TextAt(path);
  if (text.empty()) return BadAnswer(path);
  return std::string(text);
}

Result<S3Object> ObjectIn(const HttpResponse& answer, std::string_view key) {
  SLUICE_ASSIGN(std::string etag, ETagOf(answer));
  const std::string* const length = answer.Header("Content-Length");
  const std::string* const modified = answer.Header("Last-Modified");
  const auto size = length == nullptr ? std::nullopt : NumberIn(*length);
  const auto time = modified == nullptr ? std::nullopt : ParseHttpDate(*modified);
  if (!size || !time) return BadAnswer("size or time of an object");
  return S3Object{.info = {.key = std::string(key),
                           .size = {*size},
                           .etag = std::move(etag),
                           .last_modified = *time},
                  .crc64nvme = ChecksumIn(answer)};
}

// Is it exactly the range that was asked for? A proxy may answer with all of the object, a server
// with less of it (fault T25).
Status CheckRange(const HttpResponse& answer, const std::string& etag, uint64_t offset,
                  size_t size) {
  SLUICE_ASSIGN(const std::string its, ETagOf(answer));
  if (its != etag) {
    return Fail(ErrorKind::kConflict, "s3: the object was overwritten while it was read");
  }
  const std::string* const range = answer.Header("Content-Range");
  const std::string wanted = fmt::format("bytes {}-{}/", offset, offset + size - 1);
  if (range == nullptr || !range->starts_with(wanted) || answer.body.size() != size) {
    return BadAnswer("the range that was asked for");
  }
  return {};
}

Result<ObjectInfo> ListedObject(const XmlElement& from, bool is_encoded) {
  ObjectInfo info{.key = std::string(from.TextAt("Key")), .etag = Unquoted(from.TextAt("ETag"))};
  if (is_encoded) {
    SLUICE_ASSIGN(info.key, DecodeForm(info.key));
  }
  const auto size = NumberIn(from.TextAt("Size"));
  const auto time = FromIso8601(from.TextAt("LastModified"));
  if (info.key.empty() || !size || !time) return BadAnswer("key, size or time of an object");
  info.size = {*size};
  info.last_modified = *time;
  return info;
}

Result<ListPage> PageIn(const HttpResponse& answer, size_t limit) {
  SLUICE_ASSIGN(const XmlElement root, DocumentIn(answer, "ListBucketResult"));
  const bool is_encoded = root.TextAt("EncodingType") == "url";
  ListPage page;
  for (const XmlElement& child : root.children) {
    if (child.name != "Contents") continue;
    SLUICE_ASSIGN(ObjectInfo info, ListedObject(child, is_encoded));
    page.objects.push_back(std::move(info));
  }
  if (page.objects.size() > limit) return BadAnswer("as many objects as were asked for");
  if (root.TextAt("IsTruncated") == "true") {
    if (page.objects.empty()) return BadAnswer("objects, though there are more");
    page.next = page.objects.back().key;
  }
  return page;
}

Result<std::vector<S3UnfinishedUpload>> UploadsIn(const HttpResponse& answer) {
  SLUICE_ASSIGN(const XmlElement root, DocumentIn(answer, "ListMultipartUploadsResult"));
  const bool is_encoded = root.TextAt("EncodingType") == "url";
  std::vector<S3UnfinishedUpload> uploads;
  for (const XmlElement& child : root.children) {
    if (child.name != "Upload") continue;
    S3UnfinishedUpload upload{.key = std::string(child.TextAt("Key")),
                              .id = std::string(child.TextAt("UploadId"))};
    if (is_encoded) {
      SLUICE_ASSIGN(upload.key, DecodeForm(upload.key));
    }
    const auto time = FromIso8601(child.TextAt("Initiated"));
    if (upload.key.empty() || upload.id.empty() || !time)
      return BadAnswer("an upload's key or time");
    upload.initiated = *time;
    uploads.push_back(std::move(upload));
  }
  return uploads;
}

std::string Query(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string query;
  for (const auto& [name, value] : fields) {
    if (!query.empty()) query += '&';
    query.append(name) += '=';
    AppendPercentEncoded(query, value);
  }
  return query;
}

Status DoneOrGone(Status done) {
  if (!done && done.error().kind() == ErrorKind::kNotFound) return {};
  return done;
}

bool HasHostName(const std::string& bucket) {
  return !bucket.contains('.');  // else it is more than one label, and no certificate fits
}

}  // namespace

Result<std::unique_ptr<S3Bucket>> S3Bucket::Make(const S3BucketOptions& options,
                                                 std::shared_ptr<CredentialsSource> credentials,
                                                 Clock& clock) {
  const bool is_in_path = options.endpoint.has_value() || !HasHostName(options.bucket);
  HttpEndpoint endpoint = options.endpoint.value_or(AwsEndpoint("s3", options.region));
  if (!is_in_path) endpoint.host = options.bucket + "." + endpoint.host;
  SLUICE_ASSIGN(
      std::unique_ptr<AwsClient> client,
      AwsClient::Make({.scope = {.service = "s3", .region = options.region, .is_s3 = true},
                       .endpoint = std::move(endpoint),
                       .failures = S3Failures(),
                       .read_failure = ReadS3Failure},
                      std::move(credentials), clock,
                      {.http = {}, .retry = {}, .deadline = options.deadline}));
  return std::unique_ptr<S3Bucket>(new S3Bucket(options, is_in_path, std::move(client)));
}

S3Bucket::S3Bucket(S3BucketOptions options, bool is_in_path, std::unique_ptr<AwsClient> client)
    : options_(std::move(options)), is_in_path_(is_in_path), client_(std::move(client)) {}

HttpRequest S3Bucket::Request(std::string method, std::string_view key,
                              std::string_view query) const {
  HttpRequest request{.method = std::move(method)};
  if (is_in_path_) request.target.append(options_.bucket).append("/");
  AppendPercentEncoded(request.target, key, "/");
  if (!query.empty()) request.target.append("?").append(query);
  if (!options_.owner.empty()) {
    request.headers.push_back({"x-amz-expected-bucket-owner", options_.owner});
  }
  return request;
}

void S3Bucket::AddEncryption(HttpRequest& request) const {
  if (options_.kms_key.empty()) return;
  request.headers.push_back({"x-amz-server-side-encryption", "aws:kms"});
  request.headers.push_back({"x-amz-server-side-encryption-aws-kms-key-id", options_.kms_key});
}

template <typename Read>
auto S3Bucket::Call(HttpRequest request, std::string_view key, const Read& read)
    -> decltype(read(std::declval<const HttpResponse&>())) {
  const bool completes = request.method == "POST" && request.target.contains("?uploadId=");
  const std::string attempt = fmt::format("{} s3://{}/{}", request.method, options_.bucket, key);
  const std::chrono::milliseconds sending(request.body.size() / kSlowestBytesPerMilli);
  decltype(read(std::declval<const HttpResponse&>())) result;
  const auto answer =
      client_->Call({.request = std::move(request),
                     .is_repeatable = true,
                     .timeout = (completes ? kCompletionTime : kAnswerTime) + sending,
                     .check = [&](const HttpResponse& found) -> Status {
                       result = read(found);
                       if (!result) return std::unexpected(result.error());
                       return {};
                     }});
  if (!answer) return std::unexpected(answer.error().During(attempt));
  return result;
}

Result<S3Object> S3Bucket::Head(std::string_view key) {
  HttpRequest request = Request("HEAD", key);
  request.headers.push_back({"x-amz-checksum-mode", "ENABLED"});
  auto found = Call(std::move(request), key,
                    [key](const HttpResponse& answer) { return ObjectIn(answer, key); });
  if (!found && found.error().kind() == ErrorKind::kNotFound) SLUICE_TRY(WhyNotFound(key));
  return found;
}

// HEAD does not say what was not found, the key or the whole bucket.
Status S3Bucket::WhyNotFound(std::string_view key) {
  HttpRequest request = Request("GET", key);
  request.headers.push_back({"Range", "bytes=0-0"});
  const Status found = Call(std::move(request), key, [](const HttpResponse&) { return Status(); });
  if (found) {
    return Fail(ErrorKind::kTransient, "HEAD finds nothing and GET does: s3://{}/{}",
                options_.bucket, key);
  }
  if (found.error().kind() != ErrorKind::kNotFound) return found;
  return {};
}

Result<std::string> S3Bucket::Get(std::string_view key, const std::string& etag, uint64_t offset,
                                  size_t size) {
  if (size == 0) return std::string();
  HttpRequest request = Request("GET", key);
  request.headers.push_back({"Range", fmt::format("bytes={}-{}", offset, offset + size - 1)});
  request.headers.push_back({"If-Match", "\"" + etag + "\""});
  return Call(std::move(request), key, [&](const HttpResponse& answer) -> Result<std::string> {
    SLUICE_TRY(CheckRange(answer, etag, offset, size));
    return answer.body;
  });
}

Result<std::string> S3Bucket::Put(std::string_view key, std::string_view body, uint64_t crc64nvme) {
  HttpRequest request = Request("PUT", key);
  request.headers.push_back({"If-None-Match", "*"});
  request.headers.push_back({std::string(kChecksumHeader), ChecksumText(crc64nvme)});
  AddEncryption(request);
  request.body = body;
  return Call(std::move(request), key,
              [crc64nvme](const HttpResponse& answer) { return ETagOfStored(answer, crc64nvme); });
}

Result<std::string> S3Bucket::BeginUpload(std::string_view key) {
  HttpRequest request = Request("POST", key, "uploads=");
  request.headers.push_back({"x-amz-checksum-algorithm", "CRC64NVME"});
  request.headers.push_back({"x-amz-checksum-type", "FULL_OBJECT"});
  AddEncryption(request);
  return Call(std::move(request), key, [](const HttpResponse& answer) {
    return TextIn(answer, "InitiateMultipartUploadResult", "UploadId");
  });
}

Result<S3Part> S3Bucket::UploadPart(std::string_view key, const std::string& id, size_t number,
                                    std::string_view body) {
  HttpRequest request =
      Request("PUT", key, Query({{"partNumber", std::to_string(number)}, {"uploadId", id}}));
  const uint64_t crc = Crc64Nvme(body);
  request.headers.push_back({std::string(kChecksumHeader), ChecksumText(crc)});
  request.body = body;
  return Call(std::move(request), key, [crc](const HttpResponse& answer) -> Result<S3Part> {
    SLUICE_ASSIGN(std::string etag, ETagOfStored(answer, crc));
    return S3Part{.etag = std::move(etag), .crc64nvme = crc};
  });
}

Result<std::string> S3Bucket::CompleteUpload(std::string_view key, const std::string& id,
                                             const std::vector<S3Part>& parts, Bytes size,
                                             uint64_t crc64nvme) {
  std::string body = "<CompleteMultipartUpload>";
  for (size_t i = 0; i < parts.size(); ++i) {
    body += fmt::format(
        "<Part><ChecksumCRC64NVME>{}</ChecksumCRC64NVME><ETag>\"{}\"</ETag>"
        "<PartNumber>{}</PartNumber></Part>",
        ChecksumText(parts[i].crc64nvme), parts[i].etag, i + 1);
  }
  body += "</CompleteMultipartUpload>";
  HttpRequest request = Request("POST", key, Query({{"uploadId", id}}));
  request.headers.push_back({"Content-Type", "application/xml"});
  request.headers.push_back({"If-None-Match", "*"});
  request.headers.push_back({std::string(kChecksumHeader), ChecksumText(crc64nvme)});
  request.headers.push_back({"x-amz-checksum-type", "FULL_OBJECT"});
  request.headers.push_back({"x-amz-mp-object-size", std::to_string(size.count)});
  request.body = body;
  return Call(std::move(request), key, [](const HttpResponse& answer) -> Result<std::string> {
    SLUICE_ASSIGN(const std::string etag, TextIn(answer, "CompleteMultipartUploadResult", "ETag"));
    return Unquoted(etag);
  });
}

Status S3Bucket::AbortUpload(std::string_view key, const std::string& id) {
  return DoneOrGone(Call(Request("DELETE", key, Query({{"uploadId", id}})), key, CheckNoError));
}

Result<std::vector<S3UnfinishedUpload>> S3Bucket::Uploads(std::string_view prefix) {
  const std::string query = "uploads=&" + Query({{"encoding-type", "url"}, {"prefix", prefix}});
  return Call(Request("GET", "", query), prefix, UploadsIn);
}

Result<ListPage> S3Bucket::List(std::string_view prefix, std::string_view after, size_t limit) {
  std::string query = Query({{"encoding-type", "url"},
                             {"list-type", "2"},
                             {"max-keys", std::to_string(limit)},
                             {"prefix", prefix}});
  if (!after.empty()) query += "&" + Query({{"start-after", after}});
  return Call(Request("GET", "", query), prefix,
              [limit](const HttpResponse& answer) { return PageIn(answer, limit); });
}

Status S3Bucket::Delete(std::string_view key) {
  return DoneOrGone(Call(Request("DELETE", key), key, CheckNoError));
}

}  // namespace sluice
