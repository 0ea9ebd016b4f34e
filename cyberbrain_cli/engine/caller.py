"""For whom containers are run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """What the labels, names and audit events of a job's containers say.

    `owner` names the records that know of the run, on this host; `user` is who launched it.
    """

    owner: str
    user: str
    run_id: int
    job_id: int
    job_key: str
    directive: str

    def labels(self) -> dict[str, str]:
        """What everything bears that is made for the job."""
        return {
            "cyberbrain.owner": self.owner,
            "cyberbrain.run_id": str(self.run_id),
            "cyberbrain.job_id": str(self.job_id),
            "cyberbrain.directive": self.directive,
        }
