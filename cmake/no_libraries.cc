// SPDX-License-Identifier: Apache-2.0
// Part of the static program only. What it would load, like the libnuma that the AWS runtime looks
// for, brings along the C library of the image, beside the one that is linked in; so it finds
// nothing.
extern "C" void* dlopen(const char*, int) noexcept {
  return nullptr;
}
