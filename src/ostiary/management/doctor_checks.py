"""Every check of the doctor, in the order in which its findings are told."""

from collections.abc import Mapping

from ostiary.management import doctor_data, doctor_machine, doctor_outside
from ostiary.management.doctor import Check

CHECKS: Mapping[str, Check] = {
    "file modes": doctor_machine.check_files,
    "disk": doctor_machine.check_disk,
    "open files": doctor_machine.check_open_files,
    "workers": doctor_machine.check_workers,
    "database": doctor_data.check_writable,
    "server": doctor_data.check_server,
    "clock": doctor_data.check_clock,
    "issuers": doctor_data.check_issuers,
    "keys": doctor_data.check_keys,
    "secrets": doctor_data.check_secrets,
    "housekeeping": doctor_data.check_housekeeping,
    "audit": doctor_data.check_audit,
    "outside": doctor_outside.check_reachable,
    "TLS": doctor_outside.check_certificates,
}
