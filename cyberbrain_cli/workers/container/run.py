"""The job: place, run, keep."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from cyberbrain_cli.core.environment import shown
from cyberbrain_cli.core.errors import RunFailed
from cyberbrain_cli.core.findings import Finding, against_previous
from cyberbrain_cli.core.panels import Panel
from cyberbrain_cli.core.ports import Report
from cyberbrain_cli.core.records import (
    ContainerRequest,
    ContainerResult,
    InputFile,
    NewArtifact,
    OutputRoom,
)
from cyberbrain_cli.core.worker import JobContext, Outcome
from cyberbrain_cli.workers.container.findings import failure_of, findings_of
from cyberbrain_cli.workers.container.naming import artifact_names, media_type
from cyberbrain_cli.workers.container.params import ContainerParams
from cyberbrain_cli.workers.container.placing import place
from cyberbrain_cli.workers.container.telling import duration_seconds, log_text, summary
from cyberbrain_cli.workers.container.telling import notes as notes_of

SCHEMA_VERSION = 1
MOST_INPUT_BYTES = 256 * 1024 * 1024
_FINDINGS = TypeAdapter(tuple[Finding, ...])
_DOCUMENT = TypeAdapter(dict[str, Any])


def run(params: ContainerParams, ctx: JobContext) -> Outcome:
    """Run the container to its end. Raises what the runner raises, and RunFailed.

    A container that fails is a failed job whose log and findings are kept.
    """
    ctx.check()
    if params.if_unapproved == "skip" and not ctx.runner.lists(params.image):
        return Outcome(artifacts=(_left_out(params, ctx),))
    placement = place(params.resources, ctx.gpus)
    request = _request(params, placement.gpus, _inputs(params, ctx))
    result = ctx.runner.run(request)
    failure = failure_of(result, params.success_codes)
    findings = against_previous(
        findings_of(ctx.job_key, result, failure), ctx.previous, frozenset({""})
    )
    degraded = (*([placement.degraded] if placement.degraded else []), *result.degraded)
    return Outcome(
        findings,
        artifacts=_write(ctx, params, request, result, findings),
        degraded=degraded,
        failure=failure,
    )


def _left_out(params: ContainerParams, ctx: JobContext) -> NewArtifact:
    """A note in the run's report: what was wished for is no degradation."""
    note = (
        f"{ctx.job_key} was left out: image '{params.image}' is not approved "
        f"(cyberbrain allowlist add --image {params.image})."
    )
    analysis = {"schema_version": SCHEMA_VERSION, "findings": [], "notes": [note]}
    return ctx.artifacts.json("analysis", "analysis.json", analysis)


def _inputs(params: ContainerParams, ctx: JobContext) -> tuple[InputFile, ...]:
    """The artifacts it is given, each below a folder of its job's name."""
    files: dict[str, InputFile] = {}
    for wanted in params.inputs:
        found = ctx.results(wanted.job, wanted.kind)
        if not found:
            kind = f" of kind '{wanted.kind}'" if wanted.kind else ""
            raise RunFailed(f"Job '{wanted.job}' left no artifact{kind}.", "Change `inputs`.")
        for file in found:
            path = f"{wanted.job}/{file.path}"
            files[path] = InputFile(path, file.content)
    if sum(len(file.content) for file in files.values()) > MOST_INPUT_BYTES:
        raise RunFailed("The inputs are larger than 256 MiB.", "Choose some by their `kind`.")
    return tuple(files.values())


def _request(
    params: ContainerParams, gpus: tuple[str, ...], inputs: tuple[InputFile, ...]
) -> ContainerRequest:
    resources, outputs = params.resources, params.outputs
    return ContainerRequest(
        image=params.image,
        command=params.command,
        entrypoint=params.entrypoint,
        environment=params.env,
        inputs=inputs,
        outputs=OutputRoom(outputs.path, outputs.max_size, outputs.max_files) if outputs else None,
        memory_bytes=resources.memory,
        cpus=resources.cpus,
        pids=resources.pids,
        scratch_bytes=resources.tmp,
        gpus=gpus,
        network=None if params.network == "none" else params.network,
        user=params.user,
        writable_root=params.writable_root,
        pull=params.pull,
        log_bytes=params.log_size,
    )


def _write(
    ctx: JobContext,
    params: ContainerParams,
    request: ContainerRequest,
    result: ContainerResult,
    findings: tuple[Finding, ...],
) -> tuple[NewArtifact, ...]:
    write, kept, listed = ctx.artifacts, [], []
    for name, file in artifact_names(result.outputs, ctx.redact):
        kind = media_type(name, text=file.is_text)
        if file.is_text:
            artifact = write.text("output", name, file.content.decode(), kind)
        else:
            artifact = write.binary("output", name, file.content, kind)
        kept.append(artifact)
        listed.append({"path": file.path, "artifact": name, "size_bytes": len(file.content)})
    told = _told(params, request, result) | {"outputs": listed}
    panel = Panel(f"{ctx.job_key}: {params.image}", tuple(summary(result)))
    notes = tuple(notes_of(result))
    analysis = {
        "schema_version": SCHEMA_VERSION,
        "findings": _FINDINGS.dump_python(findings, mode="json"),
        "panels": [{"title": panel.title, "lines": list(panel.lines)}],
        "notes": list(notes),
    }
    title = f"Container: {ctx.job_key} of {ctx.directive}"
    report = Report(title, ctx.clock.now(), findings, (), notes=notes, panels=(panel,))
    return (
        write.json("analysis", "analysis.json", analysis),
        write.json("container", "container.json", _DOCUMENT.dump_python(told, mode="json")),
        write.text("log", "log.txt", log_text(result), "text/plain"),
        write.markdown("report", "report.md", report),
        *kept,
    )


def _told(
    params: ContainerParams, request: ContainerRequest, result: ContainerResult
) -> dict[str, Any]:
    end = result.end
    return {
        "schema_version": SCHEMA_VERSION,
        "container": result.container,
        "image": result.image,
        "digest": result.digest,
        "exit_code": end.exit_code,
        "oom_killed": end.oom_killed,
        "stopped": result.stopped,
        "started_at": end.started_at,
        "finished_at": end.finished_at,
        "duration_seconds": duration_seconds(result),
        "command": request.command,
        "entrypoint": request.entrypoint,
        "environment": shown(request.environment),
        "network": params.network,
        "user": request.user,
        "writable_root": request.writable_root,
        "memory_bytes": request.memory_bytes,
        "cpus": request.cpus,
        "pids": request.pids,
        "tmp_bytes": request.scratch_bytes,
        "gpus": request.gpus,
        "inputs": [file.path for file in request.inputs],
        "refused": [{"path": item.path, "reason": item.reason} for item in result.refused],
        "log_lines_left_out": result.log_lines_left_out,
        "log_begins_late": result.log_begins_late,
    }
