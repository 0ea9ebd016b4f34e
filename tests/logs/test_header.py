"""The message of a line is found behind headers of all kinds, none of which is known by name."""

from __future__ import annotations

import pytest

from cyberbrain_cli.logs.header import read_header

LINES = """\
2026-11-23 02:58:51,123 INFO [main] org.example.app.Server: |ready
2026-11-23 02:58:51,123 - WARN  [Peer[myid=1]/0:0:0:0:2181:Election@774] - |ready
02:58:51.123 [http-nio-8080-exec-1] ERROR c.e.App - |ready
2026-11-23T02:58:51.123Z  INFO 1 --- [           main] c.e.App               : |ready
26/11/23 02:58:51 INFO storage.MemoryStore: |ready
261123 025851 148 INFO dfs.Node$Responder: |ready
api.log.1.2026-11-16_13:53:08 2026-11-16 00:00:00.008 25746 INFO shop.api [req-1f 3a - - -] |ready
- 1117838570 2026.06.03 R02-M1-N0 2026-06-03-15.42.50.363779 R02-M1-N0 RAS KERNEL FATAL |ready
ALERTX 1131566461 2026.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond(pam_unix)[2915]: |ready
463680 node-160 node status 1145554526 0 |ready
Jun 14 15:16:01 combo sshd(pam_unix)[19939]: |ready
Jul  1 09:29:02 host sandboxd[129] ([31211]): |ready
Jun 14 15:16:01 combo logrotate: |ready
<34>1 2026-11-23T02:58:51.003Z host app[1]: |ready
03-17 16:13:38.811  1702  2395 D WindowManager: |ready
20261223-22:15:29:606|Step_LSC|30002312||ready
[Sun Dec 04 04:47:44 2026] [notice] |ready
[10.30 16:49:06] browser.exe *64 - |ready
2026-09-28 04:30:30, Info                  CBS    |ready
2026-11-23 02:58:51,123 - shop - WARNING - |ready
2026-11-23 02:58:51.123 | INFO     | shop.work:run:12 - |ready
ERROR:root:|ready
[02:58:51 FTL] |ready
2026/11/23 02:58:51 [error] 31#31: *1 |ready
INFO:     |ready
|ready steady at 2026-11-23 02:58:51
|connection failed: timeout
|Error occurred: no such thing
|GET /x took 5 ms
|job failed with ERROR code 5
|2026-11-23 02:58:51
"""


@pytest.mark.parametrize("line", LINES.splitlines())
def test_the_message_begins_where_the_header_ends(line: str) -> None:
    header, message = line.rsplit("|", 1)
    assert (header + message)[read_header(header + message).end :] == message
