// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sluice/app/pipeline_view.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"

namespace sluice {

// Tells alert.webhook what is of concern now and was not when it was last told, and what is over.
// What could not be told, which is the first failure, is told the next time. At least once: a
// process that dies before it has remembered, or another one at the same moment, tells it again.
// Nothing where there is no webhook, or no pipeline has run yet.
Status TellAlerts(PipelineView& view, Timestamp now);

}  // namespace sluice
