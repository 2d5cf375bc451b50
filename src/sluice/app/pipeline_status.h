// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sluice/app/pipeline_view.h"
#include "sluice/base/clock.h"
#include "sluice/operate/status.h"

namespace sluice {

// What GatherStatus answers of a configured pipeline, and what only its configuration knows.
StatusReport StatusOf(PipelineView& view, Timestamp now, StatusDepth depth);

}  // namespace sluice
