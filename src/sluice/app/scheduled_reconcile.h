// SPDX-License-Identifier: Apache-2.0
#pragma once

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

// `reconcile --repair` of the last `reconcile.since`, where this was not done within
// `reconcile.every`: sends notifications for raw objects that nobody was told of, and says so in
// the log; what it found is remembered. Not for what was there when it ran first: that is for
// backfill; and not while as many notifications wait as objects are not loaded. Nothing where the
// pipeline has not run yet. What fails is tried again the next time; two processes at the same
// moment send notifications twice, which loads nothing twice.
Status ReconcileOnSchedule(PipelineView& view, Clock& clock);

}  // namespace sluice
