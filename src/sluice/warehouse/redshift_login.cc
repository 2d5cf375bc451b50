// SPDX-License-Identifier: Apache-2.0
#include "sluice/warehouse/redshift_login.h"

#include <simdjson.h>

#include <chrono>

#include "sluice/aws/json_answer.h"
#include "sluice/aws/xml_reader.h"
#include "sluice/base/json_text.h"
#include "sluice/base/percent_encoding.h"

namespace sluice {
namespace {

constexpr std::chrono::seconds kLife{900}, kBeforeItsEnd{120};  // 900 is the shortest

// "Errors" of GetClusterCredentials and GetCredentials in the API references. Not kNotFound, which
// would look like a table or an object that is not there.
constexpr FailureMeaning kFailures[] = {
    {"ClusterNotFound", ErrorKind::kPermanent},
    {"UnsupportedOperation", ErrorKind::kPermanent},
    {"ResourceNotFoundException", ErrorKind::kPermanent},
};

Result<PgLogin> Complete(PgLogin login) {
  if (!login.user.empty() && !login.password.empty()) return login;
  return Fail(ErrorKind::kTransient, "the answer holds no password of the database");
}

}  // namespace

std::span<const FailureMeaning> IamLogin::failures() {
  return kFailures;
}

IamLoginTarget TargetInHost(const std::string& host) {
  const std::string name = host.substr(0, host.find('.'));
  const auto is_of = [&](const char* service) { return host.contains(service); };
  IamLoginTarget target;
  if (is_of(".redshift-serverless.amazonaws.com")) target.workgroup = name;
  if (is_of(".redshift.amazonaws.com")) target.cluster = name;
  return target;
}

Result<PgLogin> IamLogin::Get() {
  const std::lock_guard lock(mutex_);
  if (kept_ && clock_.Now() < asked_at_ + kLife - kBeforeItsEnd) return *kept_;
  return AskAnew();
}

// Another thread may have asked meanwhile.
Result<PgLogin> IamLogin::InPlaceOf(const PgLogin& refused) {
  const std::lock_guard lock(mutex_);
  if (kept_ && kept_->password != refused.password) return *kept_;
  return AskAnew();
}

Result<PgLogin> IamLogin::AskAnew() {
  const Timestamp now = clock_.Now();
  Result<PgLogin> login = target_.workgroup.empty() ? OfCluster() : OfWorkgroup();
  if (!login) return std::unexpected(login.error().During("cannot get a password by IAM"));
  kept_ = *login;
  asked_at_ = now;
  return login;
}

Result<PgLogin> IamLogin::OfCluster() {
  std::string form = "Action=GetClusterCredentials&Version=2012-12-01&AutoCreate=false";
  const auto add = [&](std::string_view name, std::string_view value) {
    form.append("&").append(name).append("=");
    AppendPercentEncoded(form, value);
  };
  add("ClusterIdentifier", target_.cluster);
  add("DbName", target_.database);
  add("DbUser", target_.user);
  add("DurationSeconds", std::to_string(kLife.count()));
  SLUICE_ASSIGN(
      const HttpResponse answer,
      client_->Call({.request = {.method = "POST",
                                 .headers = {{"Content-Type",
                                              "application/x-www-form-urlencoded; charset=utf-8"}},
                                 .body = form},
                     .is_repeatable = true}));
  SLUICE_ASSIGN(const XmlElement root, ParseXml(answer.body));
  return Complete({std::string(root.TextAt("GetClusterCredentialsResult/DbUser")),
                   std::string(root.TextAt("GetClusterCredentialsResult/DbPassword"))});
}

Result<PgLogin> IamLogin::OfWorkgroup() {
  JsonText json;
  json.BeginObject().Key("workgroupName").Value(target_.workgroup);
  json.Key("dbName").Value(target_.database);
  json.Key("durationSeconds").Value(static_cast<int64_t>(kLife.count())).EndObject();
  SLUICE_ASSIGN(
      const HttpResponse answer,
      client_->Call({.request = {.method = "POST",
                                 .headers = {{"Content-Type", "application/x-amz-json-1.1"},
                                             {"X-Amz-Target", "RedshiftServerless.GetCredentials"}},
                                 .body = json.text()},
                     .is_repeatable = true}));
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  if (parser.parse(answer.body).get(root) != simdjson::SUCCESS) return Complete({});
  return Complete(
      {std::string(TextMember(root, "dbUser")), std::string(TextMember(root, "dbPassword"))});
}

}  // namespace sluice
