// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/schema/table.h"

namespace sluice {

// What the name of a key tells of it. A guess, which only ever chooses between what the values
// allow.

// The words of a key, in lower case: "requestId", "request-id" and "request_id" are {request, id}.
// What is neither letter nor digit of ASCII stands between words.
std::vector<std::string> WordsOf(std::string_view key);

// A name that needs no quotes, at most 63 bytes (PostgreSQL's limit, below Redshift's 127): the key
// itself where it is one already, else its words joined by '_'.
std::string IdentifierOf(std::string_view key);
// Of a key within objects: {context, page, url} is context_page_url.
std::string IdentifierOf(const FieldPath& path);

// How likely a key with this name tells events apart: kEvent is the id of an event or a request
// ("request_id", "event.id"), or says of nothing else that it is its id ("uuid"); kThing is that of
// anything else ("user_id", "user.id", "record_id", "parent_event_id"), of which there may well be
// more than one event. None: no id.
enum class IdName { kEvent, kThing };
std::optional<IdName> IdNameOf(std::string_view key);
std::optional<IdName> IdNameOf(const FieldPath& path);

// Whether the name speaks of times at all ("weekday_on", "duration_ms"); whether it says a moment,
// which a number may be ("created_at", "ts_ms", and not "load_time_ms"); and whether the moment at
// which the event happened: one that says when it was received or sent may differ when it is sent
// again.
bool IsTimeName(std::string_view key);
bool IsMomentName(std::string_view key);
bool IsEventTimeName(std::string_view key);

// Whether sluice.yaml can hold this text: not empty, UTF-8, without control characters.
bool CanBeWritten(std::string_view text);

// "a.b": a path as `from:` has it, with a backslash before '.' and '\' in a key.
std::string FromText(const FieldPath& path);

}  // namespace sluice
