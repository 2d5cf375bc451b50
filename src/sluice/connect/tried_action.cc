// SPDX-License-Identifier: Apache-2.0
#include "sluice/connect/tried_action.h"

#include "sluice/base/json_text.h"

namespace sluice {
namespace {

// What services say since 2021 of a request that no policy allows: "User: ARN is not authorized to
// perform: kms:GenerateDataKey on resource: ARN because …". It need not be the action that was
// asked for: an object may need a key's too.
struct RefusedAction {
  std::string_view action, resource;  // empty where the message has none
};

RefusedAction RefusedIn(std::string_view message) {
  constexpr std::string_view kBefore = "not authorized to perform: ", kBetween = " on resource: ";
  const size_t at = message.find(kBefore);
  if (at == std::string_view::npos) return {};
  message.remove_prefix(at + kBefore.size());
  const size_t between = message.find(kBetween);
  if (between == std::string_view::npos || between != message.find(' ')) return {};
  std::string_view resource = message.substr(between + kBetween.size());
  if (resource.starts_with('"')) resource.remove_prefix(1);
  resource = resource.substr(0, resource.find_first_of(" \"\n;"));
  if (!resource.starts_with("arn:")) return {};
  return {.action = message.substr(0, between), .resource = resource};
}

}  // namespace

std::string TriedAction::Statement() const {
  const RefusedAction refused = result ? RefusedAction() : RefusedIn(result.error().message());
  JsonText json;
  json.BeginObject().Key("Effect").Value("Allow");
  json.Key("Action").Value(refused.action.empty() ? action : refused.action);
  json.Key("Resource").Value(refused.resource.empty() ? resource : refused.resource).EndObject();
  return json.text();
}

bool TriedAction::is_denied() const {
  if (result) return false;
  const std::string& message = result.error().message();
  return message.contains("AccessDenied") || message.contains("not authorized");
}

std::string TriedAction::Advice() const {
  return is_denied() ? "; a policy must say: " + Statement() : "";
}

}  // namespace sluice
