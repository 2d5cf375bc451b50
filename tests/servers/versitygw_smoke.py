# SPDX-License-Identifier: Apache-2.0
import unittest

import servers
from smoke import SmokeTest
from store_cases import StoreCases


class VersitygwTest(StoreCases, SmokeTest):
    server = staticmethod(servers.versitygw)


if __name__ == "__main__":
    unittest.main()
