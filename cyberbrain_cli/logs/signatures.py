"""Known failures: how they read in a log, how grave they are, what they mean, what to do first.

A table of data. The first entry that fits a pattern is its signature, so the root of a trouble
stands above what it leads to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cyberbrain_cli.core.findings import Severity

_C, _W, _I = Severity.CRITICAL, Severity.WARNING, Severity.INFO


@dataclass(frozen=True, slots=True)
class Signature:
    """A known failure. `severity` is the least that a finding about it has.

    One that is `unmistakable` counts whatever level the line gives itself; one that is `vague`
    also stands in lines of good news and settings, and counts only beside words of trouble.
    """

    key: str
    severity: Severity
    pattern: re.Pattern[str]
    title: str
    explanation: str
    suggestion: str
    unmistakable: bool = False
    vague: bool = False


def _signature(
    key: str, severity: Severity, pattern: str, title: str, explanation: str, suggestion: str,
    *, unmistakable: bool = False,
    vague: bool = False,
) -> Signature:  # fmt: skip
    compiled = re.compile(pattern, re.IGNORECASE)
    return Signature(key, severity, compiled, title, explanation, suggestion, unmistakable, vague)


SIGNATURES: tuple[Signature, ...] = (
    _signature(
        "cuda_oom", _C,
        r"CUDA(?: error:)? out of memory|CUDA_ERROR_OUT_OF_MEMORY|OutOfMemoryError: CUDA|"
        r"cudaMalloc failed|hipErrorOutOfMemory",
        "GPU memory exhausted",
        "A request for GPU memory could not be met.",
        "Look at what shares the GPU, and lower batch size, context length or parallel "
        "requests.",
        unmistakable=True,
    ),
    _signature(
        "gpu_xid", _C,
        r"NVRM: Xid|\bXid \(PCI|GPU has fallen off the bus|CUDA error: (?:uncorrectable|"
        r"an illegal memory|unspecified launch)",
        "GPU fault",
        "The GPU driver reported a fault of hardware, driver or program.",
        "Look the Xid number up in NVIDIA's list; check temperature, power and ECC counters.",
        unmistakable=True,
    ),
    _signature(
        "out_of_memory", _C,
        r"out of memory|OutOfMemoryError|\bOOM[- ]?kill|oom_reaper|oom-kill|"
        r"cannot allocate memory|ENOMEM|MemoryError|std::bad_alloc|heap limit|JavaScript heap|"
        r"memory cgroup|GC overhead limit|Can't save in background: fork",
        "Out of memory",
        "A process could not get the memory it asked for, or was killed for using too much.",
        "Compare the container's memory limit with what it uses; raise the limit or find the "
        "leak.",
        unmistakable=True,
    ),
    _signature(
        "disk_full", _C,
        r"no space left on device|ENOSPC|disk (?:is )?full|disk quota exceeded|EDQUOT|"
        r"filesystem (?:is )?full|out of disk space|not enough (?:free )?disk space|"
        r"flood[- ]stage (?:disk )?watermark|could not extend file",
        "Disk full",
        "A write failed because the file system has no room left.",
        "Find what grew with df and du; free space or grow the volume, then check that data "
        "is whole.",
        unmistakable=True,
    ),
    _signature(
        "read_only_fs", _C,
        r"read-only file ?system|EROFS|remount(?:ed|ing)? (?:filesystem )?read-only",
        "File system is read-only",
        "A write was refused because the file system is mounted read-only, often after an "
        "I/O error.",
        "Look for I/O errors in the host's kernel log; check the mount's options and the "
        "disk's health.",
        unmistakable=True,
    ),
    _signature(
        "io_error", _C,
        r"\bI/O error|input/output error|\bEIO\b|blk_update_request|Buffer I/O|medium error|"
        r"bad sector|unrecovered read error",
        "I/O error",
        "The storage failed to read or write.",
        "Check the host's kernel log and the disk's SMART values; make sure that backups are "
        "good.",
        unmistakable=True,
    ),
    _signature(
        "corruption", _C,
        r"\bcorrupt(?:ed|ion)?\b(?! recovered)|checksum (?:mismatch|failure|error|failed)|"
        r"invalid page in block|bad magic number|could not read block|torn page|"
        r"malformed database|database disk image is malformed|"
        r"Bad file format reading the append",
        "Damaged data",
        "Stored data does not read back as it was written.",
        "Stop writing to it, take a copy, and restore or repair by the service's own "
        "instructions.",
        vague=True,
    ),
    _signature(
        "segfault", _C,
        r"segfault|segmentation (?:fault|violation)|SIGSEGV|SIGBUS|core dumped|"
        r"general protection fault|SIGILL|SIGABRT|free\(\): invalid|double free|stack smashing",
        "Crash in native code",
        "A process was ended by the system for touching memory that was not its own, or by "
        "itself.",
        "Look for a core dump; compare with the last change of version, and report it "
        "upstream.",
        unmistakable=True,
    ),
    _signature(
        "too_many_files", _C,
        r"too many open files|EMFILE|ENFILE|file descriptors? (?:limit|exhausted)",
        "Too many open files",
        "The process reached its limit of open files and sockets.",
        "Raise the container's nofile limit, and look for connections that are never closed.",
        unmistakable=True,
    ),
    _signature(
        "deadlock", _C,
        r"\bdead ?lock(?:ed)?\b(?! detection)",
        "Deadlock",
        "Two or more transactions or threads waited for each other; one was given up.",
        "Look at the statements named in the lines around, and take locks in one order "
        "everywhere.",
        vague=True,
    ),
    _signature(
        "lock_timeout", _W,
        r"lock (?:wait )?time-?out|could not obtain lock|lock not available|"
        r"database is locked|canceling statement due to lock",
        "Waiting for a lock in vain",
        "Something held a lock for longer than others were willing to wait.",
        "Find the long transaction that holds it; shorten it or move it to a quieter time.",
    ),
    _signature(
        "replication", _C,
        r"replication (?:slot .{0,80}(?:lost|invalid)|is (?:broken|behind))|"
        r"replica\w*.{0,60}(?:(?<!lag )behind|broken|terminated|failed|too far)|"
        r"replication lag.{0,40}(?:exceed|too (?:high|large|far)|above|critical|growing)|"
        r"requested WAL segment .{0,60}removed|could not receive data from WAL stream|"
        r"MASTER aborted replication|Slave (?:SQL|I/O).{0,80}error",
        "Replication is behind or broken",
        "A replica does not follow its primary: reads are stale, and a failover would lose "
        "data.",
        "Check the link and the load of both; if needed log segments are gone, build the "
        "replica anew.",
        vague=True,
    ),
    _signature(
        "out_of_connections", _C,
        r"too many (?:clients|connections)|remaining connection slots|"
        r"max(?:imum)?(?: number of)? (?:clients|connections)(?: \w+)? (?:reached|exceeded)|"
        r"max_connections|connection pool (?:is )?(?:exhausted|full)|pool (?:timeout|"
        r"exhausted)|QueuePool limit|unable to acquire (?:a )?connection|"
        r"HikariPool.{0,60}not available|worker_connections are not enough",
        "Out of connections",
        "All connections that are allowed are taken, so further clients are turned away.",
        "See who holds them; fix leaks, pool on the client side, and only then raise the "
        "limit.",
        vague=True,
    ),
    _signature(
        "certificate", _C,
        r"certificate (?:has |is )?(?:expired|not yet valid|will expire)|"
        r"certificate verify failed|x(?:509|<n>):|CERT_HAS_EXPIRED|expired certificate|"
        r"unknown authority|SSL(?:_do_)?handshake.{0,40}fail|TLS handshake (?:error|fail)|"
        r"PKIX path|unable to verify the first certificate|self[- ]signed certificate|"
        r"certificate.{0,30}expire",
        "Certificate not accepted",
        "A TLS connection failed because a certificate is expired, unknown or not the right "
        "one.",
        "Look at its dates and names with openssl s_client; renew it, or trust its issuer.",
        vague=True,
    ),
    _signature(
        "clock_skew", _W,
        r"clock (?:skew|drift|jump|moved|is (?:behind|ahead))|time (?:jumped|went backwards)|"
        r"system clock.{0,40}(?:wrong|backward)|token used before issued",
        "Clocks disagree",
        "Two machines, or one machine over time, do not agree on what time it is.",
        "Check that time synchronisation runs on all hosts.",
        vague=True,
    ),
    _signature(
        "dns", _C,
        r"could not resolve|name or service not known|temporary failure in name resolution|"
        r"no such host|ENOTFOUND|EAI_AGAIN|getaddrinfo|NXDOMAIN|SERVFAIL|host not found|"
        r"UnknownHostException|could not translate host name|server misbehaving|"
        r"nodename nor servname",
        "Host name not found",
        "A name could not be turned into an address.",
        "Check the name, whether that container is up, and that both share a network.",
    ),
    _signature(
        "connection_refused", _C,
        r"connection refused|ECONNREFUSED|actively refused|refused to connect|"
        r"connect: refused|ConnectionRefused|failed to connect to .{0,80}refused",
        "Connection refused",
        "Nothing accepted connections at the address that was called.",
        "Check that the service called is up, listens on that port, and shares a network.",
    ),
    _signature(
        "no_upstream", _C,
        r"no live upstreams|no healthy upstream|upstream prematurely closed|no (?:healthy|"
        r"available) (?:backends?|servers?)|has no server available|host unreachable|"
        r"no route to host|EHOSTUNREACH|network is unreachable|ENETUNREACH",
        "Service behind it not reachable",
        "The service that requests are passed on to gave no answer.",
        "Look at that service's container first: its state, its log, its network.",
    ),
    _signature(
        "timeout", _W,
        r"timed[- ]?out|\btime-?out\b|ETIMEDOUT|deadline[ _]?exceeded|TimeoutException|"
        r"TimeoutError|i/o timeout|no response (?:from|within)",
        "Timeout",
        "Something took longer than those who waited for it allowed.",
        "Find out whether the one called was down, overloaded or out of reach at that time.",
        vague=True,
    ),
    _signature(
        "connection_reset", _W,
        r"connection reset|ECONNRESET|broken pipe|EPIPE|reset by peer|"
        r"connection (?:was )?(?:closed|lost|terminated|aborted) unexpectedly|"
        r"server closed the connection|unexpected EOF|lost connection|terminating connection",
        "Connection broken off",
        "The other side ended a connection that was still in use.",
        "See whether the other side restarted or was killed at that time.",
    ),
    _signature(
        "auth_failure", _W,
        r"(?:password |pam |login )?authentication (?:failed|failure|error)|failed password|"
        r"login failed|invalid (?:user|credentials|username|password|token|api key)|WRONGPASS|"
        r"NOAUTH|access denied for user|bad credentials|<n> unauthorized|unauthorized access|"
        r"permission_denied: auth|\bunauthenticated\b|no pg_hba\.conf entry|"
        r"role .{0,70} does not exist",
        "Login refused",
        "Someone, or a service with wrong credentials, was not let in.",
        "If it is one of yours, fix its credentials; if not, see where it comes from and "
        "shut it out.",
    ),
    _signature(
        "permission", _W,
        r"permission denied|EACCES|EPERM|operation not permitted|access is denied|"
        r"AccessDenied|not authorized to|must be owner of|insufficient privilege",
        "Permission denied",
        "A process was not allowed to do what it tried.",
        "Compare the user it runs as with the owner and mode of what it touches.",
    ),
    _signature(
        "port_in_use", _C,
        r"address (?:already )?in use|EADDRINUSE|port is already allocated|"
        r"port \S{1,10} (?:is )?(?:already )?in use|bind\(\).{0,60}failed",
        "Port already in use",
        "A service could not listen because something else has its port.",
        "Find what listens there, and stop it or choose another port.",
    ),
    _signature(
        "migration", _C,
        r"(?:relation|table|column) .{0,80} does not exist|no such (?:table|column)|"
        r"Unknown column|Table .{0,80} doesn't exist|pending migrations?|unapplied migration|"
        r"UndefinedTable|UndefinedColumn|schema version mismatch",
        "Database schema does not fit",
        "The program asks for tables or columns that the database does not have.",
        "Run the migrations that belong to this version of the program.",
    ),
    _signature(
        "panic", _C,
        r"\bpanic(?:ked)?(?: at|:|\()|fatal error:|runtime error: |kernel panic|"
        r"unhandled (?:exception|promise rejection|rejection)|uncaught (?:exception|error)|"
        r"Exception in thread|assertion .{0,60}failed|thread '.{0,60}' panicked",
        "Crash in the program",
        "The program met a state that it does not handle.",
        "Read the first frames of the trace that are the program's own.",
        unmistakable=True,
    ),
    _signature(
        "crash_loop", _C,
        r"back-?off restarting|crash ?loop|respawning too fast|restarting too (?:quickly|"
        r"often)|(?:gave|giving) up .{0,40}(?:restart|retr|attempt)|"
        r"start request repeated too quickly|entered FATAL state|max(?:imum)? (?:retries|"
        r"restarts|attempts) (?:reached|exceeded)",
        "Gave up after trying again and again",
        "Something failed so often that no further attempt is made.",
        "Look at the first failure rather than the last; the others follow from it.",
    ),
    _signature(
        "killed", _W,
        r"\bkilled by signal|received SIGKILL|terminated by signal|exited on signal|"
        r"signal (?:9|SIGKILL)|process .{0,60} was killed|worker .{0,60}(?:died|was sent SIG)",
        "A process was killed",
        "A process did not end by itself.",
        "See who ended it: memory, a health check, an operator.",
    ),
    _signature(
        "rate_limit", _W,
        r"rate limit|too many requests|throttl(?:ed|ing)|quota exceeded|"
        r"RESOURCE_EXHAUSTED|slow down|limiting requests",
        "Rate limit reached",
        "Requests came faster than the one who serves them allows.",
        "Find who sends so many, and let it wait longer between attempts.",
        vague=True,
    ),
    _signature(
        "missing_config", _C,
        r"(?:missing|required) (?:environment variable|env(?:ironment)? var|config\w*|"
        r"setting)|(?:environment variable|config\w*|setting) .{0,60}(?:not set|is required|"
        r"is missing|must be set)|KeyError: '[A-Z][A-Z_]{2,}'|invalid configuration|"
        r"could not (?:load|read|parse) config",
        "Configuration missing or wrong",
        "The program does not find a setting that it needs, or cannot read it.",
        "Compare its environment and files with what this version asks for.",
        vague=True,
    ),
    _signature(
        "missing_file", _W,
        r"no such file or directory|ENOENT|FileNotFound|file not found|"
        r"cannot open shared object|ModuleNotFoundError|No module named|"
        r"ClassNotFoundException|NoClassDefFound",
        "A file is missing",
        "Something was not where the program expected it.",
        "Check the image's version and the mounts.",
    ),
    _signature(
        "server_error", _C,
        r'HTTP/[\d.]+\"? 5\d\d\b|'
        r"internal server error|bad gateway|service unavailable|gateway time-?out|"
        r'status(?:_?code)?\"?[=:]\s?\"?5\d\d\b',
        "Requests answered with a server error",
        "Clients got 5xx answers.",
        "Look for the error behind it in this log and in that of the service called.",
    ),
    _signature(
        "constraint", _W,
        r"duplicate key|violates .{0,20}constraint|UniqueViolation|IntegrityError|"
        r"foreign key constraint|Duplicate entry",
        "Data refused by the database",
        "A write broke a rule that the database keeps.",
        "Find the request that sends it; if it is harmless, let the program expect it.",
    ),
    _signature(
        "slow", _I,
        r"slow (?:query|request|log|sql)|duration: \S+ ms|took too long|long[- ]running|"
        r"checkpoints are occurring too frequently|event loop (?:lag|blocked)|GC pause|"
        r"\bstalled\b",
        "Slower than it should be",
        "Work took longer than expected.",
        "Compare with the load at that time, and look at the slowest statements.",
        vague=True,
    ),
)  # fmt: skip


def signature_of(template: str) -> Signature | None:
    """The known failure that a pattern's template tells of."""
    return next((item for item in SIGNATURES if item.pattern.search(template)), None)
