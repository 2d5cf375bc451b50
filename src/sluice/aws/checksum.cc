// SPDX-License-Identifier: Apache-2.0
#include "sluice/aws/checksum.h"

#include <aws/checksums/crc.h>

#include "sluice/aws/aws_runtime.h"

namespace sluice {

uint64_t Crc64Nvme(std::string_view data, uint64_t before) {
  AwsRuntime::Get();  // has found out what the processor can do
  return aws_checksums_crc64nvme_ex(reinterpret_cast<const uint8_t*>(data.data()), data.size(),
                                    before);
}

}  // namespace sluice
