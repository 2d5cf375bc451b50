// SPDX-License-Identifier: Apache-2.0
#include "sluice/parquet/page_job.h"

#include "sluice/parquet/chunk_pages.h"
#include "sluice/parquet/row_group_queue.h"

namespace sluice {

Status PageJob::Run(PagePacker& packer) {
  chunk_->Pack(*page_, packer);
  return groups_->WritePacked();
}

}  // namespace sluice
