# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the program under test as a user without any privilege."""
import os
import shutil
import tempfile
import unittest.mock

import listenq
import rig

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
# A user namespace has one user: root, who can do without the capabilities.
if "LISTENQ_TESTS_USERNS" in os.environ:
    NOBODY = ("setpriv", "--bounding-set=-all", "--inh-caps=-all",
              "--securebits=+noroot")


def let_all_run(case):
    """For the time of a test the program is where every user may run it."""
    place = tempfile.mkdtemp()
    case.addCleanup(shutil.rmtree, place)
    os.chmod(place, 0o755)
    copy = shutil.copy(listenq.program(), place)
    os.chmod(copy, 0o755)
    listenq.validator()
    patch = unittest.mock.patch.object(listenq, "PROGRAM", copy)
    patch.start()
    case.addCleanup(patch.stop)


class Case(rig.Case):
    def setUp(self):
        super().setUp()
        let_all_run(self)
