"""Every job, in one place."""

from ostiary.housekeeping.job import Job
from ostiary.housekeeping.keys import KEYS
from ostiary.housekeeping.logout import LOGOUT
from ostiary.housekeeping.sealing import SEALING
from ostiary.housekeeping.sweeping import SWEEPING

JOBS: tuple[Job, ...] = (KEYS, LOGOUT, SEALING, SWEEPING)
