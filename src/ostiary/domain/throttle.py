"""How long a wrong guess makes the next one wait. NIST SP 800-63B-4 §3.2.2.

Three counts of each guess at a password: of the account from this address, of the address, and of
the account from anywhere. The first is the strict one. The last would let anybody shut out anybody
else, so it comes late, and never holds up an address from which the person has signed in.
"""

from dataclasses import dataclass
from typing import Final

from ostiary.domain.issuer import DAY, HOUR, MINUTE

# Where a person has signed in, what others do elsewhere does not hold them up for so long.
KNOWN_FOR: Final = 30 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """`tries` in a row are free; from then on each waits, `first` seconds and then twice as long
    each time up to `longest`. After `forgotten` seconds without a guess it begins anew."""

    tries: int
    first: int
    longest: int
    forgotten: int


OF_PAIR: Final = Allowance(tries=5, first=30, longest=15 * MINUTE, forgotten=HOUR)
# An office or a mobile network shares one.
OF_ADDRESS: Final = Allowance(tries=100, first=10, longest=5 * MINUTE, forgotten=HOUR)
# At most a hundred in a row, wherever they come from.
OF_ACCOUNT: Final = Allowance(tries=100, first=30, longest=15 * MINUTE, forgotten=DAY)
