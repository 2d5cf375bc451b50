// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sluice/app/pipeline_view.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"

namespace sluice {

// `reconcile --repair` of the last `reconcile.since`, where this was not done within
// `reconcile.every`: sends notifications for raw objects that nobody was told of, and says so in
// the log. Not for what was there when it ran first: that is for backfill; and not while as many
// notifications wait as objects are not loaded. Nothing where the pipeline has not run yet. What
// fails is tried again the next time; two processes at the same moment send notifications twice,
// which loads nothing twice.
Status ReconcileOnSchedule(PipelineView& view, Clock& clock);

}  // namespace sluice
