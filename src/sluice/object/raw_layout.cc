// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <optional>

#include "sluice/object/object_names.h"

namespace sluice {
namespace {

constexpr size_t kLongestLayout = 256;
constexpr std::string_view kDefaultLayout = "date=%Y-%m-%d/%H/";

// One step of a layout: a literal character, or a number of so many digits.
struct Piece {
  char letter = 0;  // Y y m d j H M; 0: the character `literal`
  char literal = 0;
  int digits = 0;        // exactly so many, with zeros before
  bool is_bare = false;  // "%-H": up to `digits`, without zeros before
};

int DigitsOf(char letter) {
  switch (letter) {
    case 'Y':
      return 4;
    case 'j':
      return 3;
    case 'y':
    case 'm':
    case 'd':
    case 'H':
    case 'M':
      return 2;
    default:
      return 0;
  }
}

// Takes the next piece off `layout`; nothing where it is not one that we understand.
std::optional<Piece> TakePiece(std::string_view& layout) {
  const auto take = [&] {
    const char c = layout.front();
    layout.remove_prefix(1);
    return c;
  };
  const char first = take();
  if (first != '%') return Piece{.literal = first};
  Piece piece;
  if (layout.starts_with('-')) piece.is_bare = take() == '-';
  if (layout.empty()) return std::nullopt;
  piece.letter = take();
  if (piece.letter == '%' && !piece.is_bare) return Piece{.literal = '%'};
  piece.digits = DigitsOf(piece.letter);
  const bool may_be_bare = piece.letter == 'm' || piece.letter == 'd' || piece.letter == 'H';
  if (piece.digits == 0 || (piece.is_bare && !may_be_bare)) return std::nullopt;
  return piece;
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

struct Fields {
  std::array<std::optional<int>, 128> of;  // by letter

  int Get(char letter, int otherwise) const {
    return of[static_cast<size_t>(letter)].value_or(otherwise);
  }
  bool Has(char letter) const { return of[static_cast<size_t>(letter)].has_value(); }
  void Set(char letter, int value) { of[static_cast<size_t>(letter)] = value; }
};

Fields FieldsAt(Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto minutes = std::chrono::floor<std::chrono::minutes>(time - day).count();
  const int year = static_cast<int>(date.year());
  const std::chrono::sys_days january_first = date.year() / std::chrono::January / 1;
  Fields fields;
  fields.Set('Y', year);
  fields.Set('y', year % 100);
  fields.Set('m', static_cast<int>(static_cast<unsigned>(date.month())));
  fields.Set('d', static_cast<int>(static_cast<unsigned>(date.day())));
  fields.Set('j', static_cast<int>((day - january_first).count()) + 1);
  fields.Set('H', static_cast<int>(minutes / 60));
  fields.Set('M', static_cast<int>(minutes % 60));
  return fields;
}

void AppendPiece(const Piece& piece, const Fields& fields, std::string& key) {
  if (piece.letter == 0) {
    key += piece.literal;
  } else {
    key += fmt::format("{:0{}}", fields.Get(piece.letter, 0), piece.is_bare ? 1 : piece.digits);
  }
}

// The minute that the fields name; nothing where there is no such day or time.
std::optional<Timestamp> TimeOf(const Fields& fields) {
  const std::chrono::year year(fields.Get('Y', 2000 + fields.Get('y', 0)));
  if (year < std::chrono::year(1)) return std::nullopt;
  std::chrono::sys_days day;
  if (fields.Has('m') && fields.Has('d')) {
    const std::chrono::year_month_day date(
        year, std::chrono::month(static_cast<unsigned>(fields.Get('m', 0))),
        std::chrono::day(static_cast<unsigned>(fields.Get('d', 0))));
    if (!date.ok()) return std::nullopt;
    day = date;
  } else {
    day = std::chrono::sys_days(year / std::chrono::January / 1) +
          std::chrono::days(fields.Get('j', 1) - 1);
  }
  return Timestamp(day) + std::chrono::hours(fields.Get('H', 0)) +
         std::chrono::minutes(fields.Get('M', 0));
}

// The number at the front of `key`, taken off; nothing where there is none as `piece` wants it.
std::optional<int> TakeNumber(std::string_view& key, const Piece& piece) {
  int value = 0, digits = 0;
  while (digits < piece.digits && !key.empty() && IsDigit(key.front())) {
    value = value * 10 + (key.front() - '0');
    key.remove_prefix(1);
    ++digits;
  }
  if (digits == 0 || (!piece.is_bare && digits < piece.digits)) return std::nullopt;
  return value;
}

Status CheckLayout(std::string_view layout) {
  Fields seen;
  bool after_bare = false;
  for (std::string_view rest = layout; !rest.empty();) {
    const std::string_view at = rest;
    const auto piece = TakePiece(rest);
    if (!piece) {
      return Fail(ErrorKind::kPermanent,
                  "not a layout: only %Y %m %d %H %M %j %y %-m %-d %-H %% are understood: "
                  "layout={} byte={}",
                  layout, at.data() - layout.data());
    }
    if (after_bare && (piece->letter != 0 || IsDigit(piece->literal))) {
      return Fail(ErrorKind::kPermanent,
                  "not a layout: a digit behind %-m, %-d or %-H cannot be told from it: layout={}",
                  layout);
    }
    after_bare = piece->is_bare;
    seen.Set(piece->letter, 1);
  }
  const bool has_day = (seen.Has('m') && seen.Has('d')) || seen.Has('j');
  if (!has_day || !(seen.Has('Y') || seen.Has('y'))) {
    return Fail(ErrorKind::kPermanent,
                "not a layout: it must hold the year (%Y) and the day (%m and %d, or %j): "
                "layout={}",
                layout);
  }
  return {};
}

}  // namespace

RawLayout::RawLayout() : layout_(kDefaultLayout) {}

Result<RawLayout> RawLayout::Parse(std::string_view layout) {
  if (layout.size() > kLongestLayout) {
    return Fail(ErrorKind::kPermanent, "not a layout: longer than {} bytes", kLongestLayout);
  }
  if (!layout.ends_with('/')) {
    return Fail(ErrorKind::kPermanent, "not a layout: it must end in '/': layout={}", layout);
  }
  SLUICE_TRY(CheckLayout(layout));
  RawLayout parsed{std::string(layout)};
  // A number never makes a part empty or '.', so any moment stands for all.
  const Status legal = CheckKey(parsed.KeyFor(Timestamp(), "name").text);
  if (!legal) return std::unexpected(legal.error().During(fmt::format("layout {}", layout)));
  return parsed;
}

RawKey RawLayout::KeyFor(Timestamp landed, std::string_view name) const {
  const Fields fields = FieldsAt(landed);
  std::string key;
  for (std::string_view rest = layout_; !rest.empty();) {
    const auto piece = TakePiece(rest);
    if (!piece) break;  // Parse let none such through
    AppendPiece(*piece, fields, key);
  }
  key += name;
  return {std::move(key)};
}

std::string RawLayout::FolderOf(Timestamp hour) const {
  const Fields fields = FieldsAt(hour);
  std::string key;
  for (std::string_view rest = layout_; !rest.empty();) {
    const auto piece = TakePiece(rest);
    if (!piece || piece->letter == 'M') break;
    AppendPiece(*piece, fields, key);
  }
  return key.substr(0, key.rfind('/') + 1);
}

Result<Timestamp> RawLayout::HourOf(const RawKey& key) const {
  const auto mismatch = [&] {
    return Fail(ErrorKind::kPermanent, "the key does not match the layout: key={} layout={}",
                key.text, layout_);
  };
  Fields fields;
  std::string_view rest = key.text;
  for (std::string_view layout = layout_; !layout.empty();) {
    const auto piece = TakePiece(layout);
    if (!piece || rest.empty()) return mismatch();
    if (piece->letter != 0) {
      const auto number = TakeNumber(rest, *piece);
      if (!number) return mismatch();
      fields.Set(piece->letter, *number);
    } else if (rest.front() != piece->literal) {
      return mismatch();
    } else {
      rest.remove_prefix(1);
    }
  }
  const auto time = TimeOf(fields);
  // Writing it again finds everything else that is wrong: hour 24, day 366, two years that differ.
  if (!time || rest.empty() || KeyFor(*time, rest) != key) return mismatch();
  return std::chrono::floor<std::chrono::hours>(*time);
}

}  // namespace sluice
