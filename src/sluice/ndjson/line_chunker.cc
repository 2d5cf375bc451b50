// SPDX-License-Identifier: Apache-2.0
#include "sluice/ndjson/line_chunker.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace sluice {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr Bytes kSmallestChunk{64};

// Of the line at the start of `text`, without its end, which may lie behind `text`.
size_t LineLength(std::string_view text) {
  const size_t newline = text.find('\n');
  if (newline == std::string_view::npos) return text.size();
  return newline > 0 && text[newline - 1] == '\r' ? newline - 1 : newline;
}

uint64_t CountNewlines(std::string_view text) {
  uint64_t count = 0;
  while (!text.empty()) {
    // Few enough for the compiler to count in bytes, which it does with vector instructions.
    const std::string_view block = text.substr(0, 192);
    uint8_t in_block = 0;
    for (const char c : block) in_block = static_cast<uint8_t>(in_block + (c == '\n'));
    count += in_block;
    text.remove_prefix(block.size());
  }
  return count;
}

}  // namespace

LineChunker::LineChunker(ByteSource& source, LineChunkerOptions options)
    : source_(source), options_(options) {
  options_.chunk = std::max(options_.chunk, kSmallestChunk);
  options_.longest_line = std::min(options_.longest_line, GiB(1));
}

Result<bool> LineChunker::Next(LineChunk& chunk) {
  chunk = {};
  // A long line leaves more behind than one chunk.
  if (held().size() < options_.chunk.count) SLUICE_TRY(Fill(options_.chunk.count));
  if (!started_) {
    started_ = true;
    if (held().starts_with(kByteOrderMark)) {
      begin_ += kByteOrderMark.size();
      byte_offset_ += kByteOrderMark.size();
    }
  }
  SLUICE_ASSIGN(const size_t size, FindWholeLines());
  if (held().empty()) return false;
  chunk.byte_offset = byte_offset_;
  chunk.first_line = next_line_;
  if (size == 0) {
    SLUICE_TRY(HandOutCutLine(chunk));
  } else {
    HandOut(chunk, size);
  }
  return true;
}

Result<bool> LineChunker::Next(LineChunk& chunk, std::vector<char>& memory) {
  SLUICE_ASSIGN(const bool more, Next(chunk));
  if (!more) return false;
  const std::string_view rest = held();
  if (rest.size() > chunk.text.size()) {  // behind a long line
    memory.resize(std::max(memory.size(), chunk.text.size() + kPadding));
    std::copy(chunk.text.begin(), chunk.text.end(), memory.begin());
    chunk.text = {memory.data(), chunk.text.size()};
    return true;
  }
  // Mostly it is a part of a line. It goes on in the other memory.
  if (memory.size() < rest.size() + kPadding) memory.resize(buffer_.size());
  std::copy(rest.begin(), rest.end(), memory.begin());
  memory.swap(buffer_);
  begin_ = 0;
  end_ = rest.size();
  return true;
}

// Reads until `wanted` bytes are held or the stream has ended.
Status LineChunker::Fill(size_t wanted) {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() < wanted + kPadding) buffer_.resize(wanted + kPadding);
  while (!at_end_ && end_ < wanted) SLUICE_TRY(ReadMore(wanted - end_));
  return {};
}

Status LineChunker::ReadMore(size_t most) {
  SLUICE_ASSIGN(const size_t n, source_.Read(std::span(buffer_).subspan(end_, most)));
  end_ += n;
  at_end_ = n == 0;
  return {};
}

// How much of what is held is whole lines, none too long; 0 where the first one is too long.
Result<size_t> LineChunker::FindWholeLines() {
  const size_t longest = options_.longest_line.count;
  size_t size = held().rfind('\n') + 1;
  while (size == 0 && !at_end_) {
    // One byte over the limit may be the CR of the line's end.
    const size_t searched = held().size();
    if (searched > longest + 1) return 0;
    SLUICE_TRY(Fill(std::min(2 * searched, longest + 2)));
    const size_t found = held().substr(searched).rfind('\n');
    if (found != std::string_view::npos) size = searched + found + 1;
  }
  if (size == 0) size = held().size();
  if (size > options_.chunk.count) {
    const size_t fitting = held().substr(0, options_.chunk.count).rfind('\n') + 1;
    size = fitting > 0 ? fitting : std::min(held().find('\n'), size - 1) + 1;
  }
  if (size <= longest) return size;
  for (size_t at = 0; at < size;) {
    const std::string_view rest = held().substr(at, size - at);
    if (LineLength(rest) > longest) return at;
    at = std::min(rest.find('\n'), rest.size() - 1) + 1 + at;
  }
  return size;
}

void LineChunker::HandOut(LineChunk& chunk, size_t size) {
  chunk.text = held().substr(0, size);
  chunk.byte_length = size;
  next_line_ += CountNewlines(chunk.text) + (chunk.text.ends_with('\n') ? 0 : 1);
  byte_offset_ += size;
  begin_ += size;
}

// The line too long with which what is held begins.
Status LineChunker::HandOutCutLine(LineChunk& chunk) {
  SLUICE_TRY(Fill(0));
  size_t front = std::min<size_t>(options_.kept_of_cut_line.count, end_);
  uint64_t taken = 0;
  if (const size_t newline = held().find('\n'); newline != std::string_view::npos) {
    chunk.byte_length = LineLength(held());
    taken = newline + 1;
    begin_ = newline + 1;
  } else {
    SLUICE_ASSIGN(taken, PassOverLine(front, chunk.byte_length));
  }
  front = std::min<size_t>(front, chunk.byte_length);
  chunk.text = {buffer_.data(), front};
  chunk.is_cut_line = true;
  byte_offset_ += taken;
  ++next_line_;
  return {};
}

// Reads to the end of the line of which all that is held is the beginning, through the memory
// behind its first `front` bytes. Returns its length with its end, and without it in `length`.
Result<uint64_t> LineChunker::PassOverLine(size_t front, uint64_t& length) {
  length = end_;
  char last = buffer_[end_ - 1];
  const size_t room = options_.chunk.count;
  if (buffer_.size() < front + room + kPadding) buffer_.resize(front + room + kPadding);
  for (;;) {
    begin_ = end_ = front;
    if (!at_end_) SLUICE_TRY(ReadMore(room));
    if (held().empty()) return length;
    const size_t newline = held().find('\n');
    if (newline != std::string_view::npos) {
      if (newline > 0) last = held()[newline - 1];
      begin_ += newline + 1;
      length += newline;
      const uint64_t taken = length + 1;
      if (last == '\r') --length;
      return taken;
    }
    last = held().back();
    length += held().size();
  }
}

}  // namespace sluice
