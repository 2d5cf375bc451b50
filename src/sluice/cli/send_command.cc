// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include "sluice/base/json_text.h"
#include "sluice/base/log.h"
#include "sluice/cli/exit_code.h"
#include "sluice/cli/input_file.h"
#include "sluice/cli/session.h"
#include "sluice/codec/stream_codec.h"
#include "sluice/land/message_splitter.h"
#include "sluice/ndjson/line_chunker.h"

namespace sluice {
namespace {

struct Sent {
  uint64_t messages = 0;
  uint64_t without_event = 0;  // of these: landing finds no event in them
  Bytes size;
};

bool HoldsNoEvent(const std::string& body) {
  std::string lines;
  const SplitCounts counts = SplitMessage("", body, lines);
  return counts.enveloped == counts.lines;
}

// It may be wanted, to see what becomes of it.
void WarnOfNoEvents(const Sent& sent) {
  if (2 * sent.without_event <= sent.messages) return;
  Log(LogLevel::kWarning,
      "{} of {} messages hold no JSON object or array, compressed or not, and become no row: each "
      "line is one message, so a file of JSON over several lines must have each event on one",
      WithThousands(sent.without_event), WithThousands(sent.messages));
}

// The lines of `text` that are not empty, each as one message.
Status SendEach(Queue& queue, std::string_view text, Sent& sent) {
  while (!text.empty()) {
    std::vector<std::string> bodies;
    Bytes size;
    while (!text.empty() && bodies.size() < Queue::kMaxBatch) {
      const std::string_view line = text.substr(0, text.find('\n'));
      if (!line.empty()) bodies.emplace_back(line);
      size += Bytes{line.size()};
      text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    if (bodies.empty()) break;
    SLUICE_ASSIGN(const auto answers, queue.Send(bodies));
    sent.without_event += static_cast<uint64_t>(std::ranges::count_if(bodies, HoldsNoEvent));
    sent.messages += static_cast<uint64_t>(
        std::ranges::count_if(answers, [](const Status& answer) { return answer.has_value(); }));
    for (const Status& answer : answers) SLUICE_TRY(answer);
    sent.size += size;
  }
  return {};
}

Status SendLines(Session& session, InputFile& file, Queue& queue, Sent& sent) {
  const auto plain = DecompressingSource(file);
  LineChunker chunker(*plain, {.chunk = MiB(1), .longest_line = {Queue::kMaxMessageBytes}});
  Progress progress(session.clock(), "sending", "messages", 0, session.progress_mode());
  LineChunk chunk;
  for (;;) {
    SLUICE_ASSIGN(const bool more, chunker.Next(chunk));
    if (!more) return {};
    if (chunk.is_cut_line) {
      return Fail(ErrorKind::kPermanent, "line {} has {} bytes, a message at most {}",
                  chunk.first_line, chunk.byte_length, Queue::kMaxMessageBytes);
    }
    SLUICE_TRY(SendEach(queue, chunk.text, sent));
    progress.Update(sent.messages);
  }
}

Result<int> Send(Session& session, const std::string& path) {
  SLUICE_ASSIGN(InputFile file, InputFile::Open(path, session.stop()));
  SLUICE_ASSIGN(const auto pipeline, session.OpenPipeline());
  if (pipeline->source() == nullptr) {
    return session.WrongUsage("send puts messages into a queue, and the source is a stream");
  }
  Sent sent;
  const Status done = SendLines(session, file, *pipeline->source(), sent);
  if (!done && session.stop().stop_requested()) {
    std::fprintf(stderr, "sluice: stopped by a signal: %s messages of %s sent\n",
                 WithThousands(sent.messages).c_str(), path.c_str());
    return kExitInterrupted;
  }
  if (!done) {
    return std::unexpected(done.error().During(fmt::format(
        "cannot send {}: after {} messages were sent", path, WithThousands(sent.messages))));
  }
  WarnOfNoEvents(sent);
  if (session.flags.json) {
    JsonText json;
    json.BeginObject().Key("messages").Value(sent.messages);
    json.Key("bytes").Value(sent.size.count).EndObject();
    SLUICE_TRY(Print(json.text() + "\n"));
  } else if (sent.messages == 0) {
    SLUICE_TRY(Print(fmt::format("nothing to send: {} is empty\n", path)));
  } else {
    SLUICE_TRY(Print(
        fmt::format("sent {} messages, {}\n", WithThousands(sent.messages), ToText(sent.size))));
  }
  return kExitDone;
}

}  // namespace

void AddSend(CLI::App& app, Session& session, int& exit_code) {
  auto path = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("send", "Put each line of a file into the source queue, as one message");
  command
      ->add_option("FILE", *path, "Messages, one a line; may be compressed; - for standard input")
      ->required();
  command->footer("Example:\n  sluice send messages.ndjson");
  command->callback([&session, &exit_code, path] {
    const Result<int> code = Send(session, *path);
    exit_code = code ? *code : session.Fail(code.error());
  });
}

}  // namespace sluice
