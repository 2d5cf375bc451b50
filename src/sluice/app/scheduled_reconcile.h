// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>

#include "sluice/app/pipeline_view.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/object/object_store.h"
#include "sluice/operate/reconcile.h"

namespace sluice {

// Remembers what a reconcile found missing, beside what was known of the hours that it did not walk
// through and is still so: what status and alerts then know of hours that they do not look at.
// Nothing where there is no quarantine store yet.
Status RememberMissing(PipelineView& view, ObjectStore& raw, const ReconcileReport& report,
                       Timestamp now);

// To be called before a pipeline lands or loads anything: the moment before which what landed is
// none of ReconcileOnSchedule's is remembered in `quarantine`, where none is.
Status RememberFirstRun(ObjectStore& quarantine, const PipelineConfig& config, Timestamp now);

// `reconcile --repair`, where this was not done within `reconcile.every`: sends notifications for
// raw objects that are not loaded, when `reconcile.grace` is over and each day from then on, and
// says so in the log; what it found is remembered. Of the last `reconcile.since`, and of what was
// not overdue yet when it was done last, 31 days at most. Not for what was there when the pipeline
// ran first: that is for backfill. Nothing while loading is paused, or where the pipeline has not
// run yet. What fails or is stopped is done again the next time; two processes at the same moment
// send notifications twice, which loads nothing twice.
Status ReconcileOnSchedule(PipelineView& view, Clock& clock, const std::stop_token& stop);

}  // namespace sluice
