// SPDX-License-Identifier: Apache-2.0
#include "sluice/generate/vocabulary.h"

#include <fmt/format.h>

#include <array>
#include <span>

namespace sluice {
namespace {

using Words = std::vector<std::string>;

Words MakeUserAgents() {
  const char* const systems[] = {"Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_5",
                                 "X11; Linux x86_64", "Windows NT 6.1; Win64; x64"};
  Words agents;
  for (const char* system : systems) {
    for (int version = 60; version < 77; ++version) {
      agents.push_back(
          fmt::format("Mozilla/5.0 ({0}; rv:{1}.0) Gecko/20100101 Firefox/{1}.0", system, version));
    }
    for (int version = 60; version < 84; ++version) {
      agents.push_back(fmt::format(
          "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.{}.{} Safari/537.36",
          system, version, 3112 + version * 13, 61 + version % 50));
    }
  }
  for (int version = 0; version < 36; ++version) {
    agents.push_back(
        fmt::format("Mozilla/5.0 (iPhone; CPU iPhone OS 13_{0} like Mac OS X) AppleWebKit/605.1.15 "
                    "(KHTML, like Gecko) Version/13.{0}.1 Mobile/15E148 Safari/604.1",
                    version));
  }
  return agents;
}

Words Cross(std::span<const char* const> firsts, std::string_view between,
            std::span<const char* const> seconds) {
  Words made;
  for (const char* first : firsts) {
    for (const char* second : seconds)
      made.push_back(fmt::format("{}{}{}", first, between, second));
  }
  return made;
}

Words MakeTopics() {
  const char* const areas[] = {"cms.wizard",    "cms.editor",     "shop.checkout",
                               "account.login", "dashboard.page", "billing.plan"};
  const char* const actions[] = {"step.color_palette.set",
                                 "step.industry.select",
                                 "block.image.add",
                                 "button.publish.click",
                                 "view",
                                 "form.submit",
                                 "session.start",
                                 "upgrade.dialog.open",
                                 "text.edit.finish",
                                 "preview.mobile.toggle"};
  return Cross(areas, ".", actions);
}

Words MakeUrls() {
  const char* const sites[] = {"https://cms.example.com", "https://www.example.com/es",
                               "https://register.example.com/fr", "https://my-bakery.example.net",
                               "https://shop.example.org"};
  const char* const pages[] = {"wizard/color-palette/",
                               "product",
                               "editor/page/home?section=hero&lang=es",
                               "",
                               "login?next=%2Fdashboard%2Fsites%2F1",
                               "blog/2020/05/how-to-make-a-website/",
                               "checkout/step/2?coupon=SPRING-20&utm_source=newsletter",
                               "search?q=caf%C3%A9+menu"};
  return Cross(sites, "/", pages);
}

Words MakeCampaigns() {
  const char* const kinds[] = {"Campaign Brand", "Generic Website", "Competitor", "Retargeting"};
  const char* const countries[] = {"FR", "DE", "ES", "US", "UK", "JP", "NL", "IT", "BR", "MX"};
  return Cross(kinds, " ", countries);
}

struct NamedWords {
  std::string_view part;  // of the column's name
  Words words;
};

// The first entry whose part is in the name counts.
const std::vector<NamedWords>& Vocabularies() {
  static const std::vector<NamedWords> all = {
      {"agent", MakeUserAgents()},
      {"topic", MakeTopics()},
      {"event", MakeTopics()},
      {"referrer", MakeUrls()},
      {"referer", MakeUrls()},
      {"location", MakeUrls()},
      {"url", MakeUrls()},
      {"environment", {"cms", "shop", "account", "www", "dashboard", "billing"}},
      {"campaign", MakeCampaigns()},
      {"source", {"adwords", "bing", "facebook", "newsletter", "google", "affiliate"}},
      {"medium", {"cpc", "email", "organic", "display", "social", "referral"}},
      {"term", {"website builder", "make a website", "homepage", "free shop", "site web gratuit"}},
      {"matchtype", {"e", "p", "b"}},
      {"network", {"g", "s", "d", "o"}},
      {"pos", {"1t1", "1t2", "1t3", "1t4", "1o1", "1o2", "none"}},
      {"device", {"c", "m", "t"}},
      {"content", {"text-a", "text-b", "banner-728x90", "video-15s"}},
      {"placement", {"www.example.com", "mobileapp::1-529479190", "mail.example.org"}},
      {"testgroup", {"A", "B", "control"}},
      {"country", {"DE", "FR", "ES", "US", "GB", "JP", "BR"}},
      {"lang", {"de", "fr", "es", "en", "ja", "pt"}},
      {"currency", {"EUR", "USD", "GBP", "JPY"}},
      {"email", {"ada@example.com", "grace@example.org", "alan@example.net"}},
      {"", {"alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india"}}};
  return all;
}

}  // namespace

const std::vector<std::string>& VocabularyFor(std::string_view column) {
  const std::vector<NamedWords>& all = Vocabularies();
  for (const NamedWords& named : all) {
    if (column.find(named.part) != std::string_view::npos) return named.words;
  }
  return all.back().words;
}

int NullShareFor(std::string_view column) {
  struct NamedShare {
    std::string_view column;
    int share;
  };
  static constexpr auto kShares = std::to_array<NamedShare>({{"website_id", 50},
                                                             {"user_account_id", 5},
                                                             {"message", 3},
                                                             {"environment", 1},
                                                             {"location", 2},
                                                             {"user_agent", 1},
                                                             {"referrer", 25},
                                                             {"campaign", 10},
                                                             {"content", 60},
                                                             {"term", 30},
                                                             {"ad_id", 10},
                                                             {"placement", 85},
                                                             {"placement_category", 95},
                                                             {"testgroup", 90},
                                                             {"device", 5},
                                                             {"network", 10},
                                                             {"matchtype", 15},
                                                             {"ad_pos", 30}});
  for (const NamedShare& named : kShares) {
    if (named.column == column) return named.share;
  }
  return 20;
}

}  // namespace sluice
