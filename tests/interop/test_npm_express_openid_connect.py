"""express-openid-connect: what it asks for by default."""

import pytest

from tests.interop.desk import Desk
from tests.interop.libraries import LIBRARIES

pytestmark = LIBRARIES["express-openid-connect"].marks


@pytest.mark.parametrize("issuer_name", ["enterprise"])
async def test_its_default_response_type_is_refused_where_the_application_sees_it(
    desk: Desk,
) -> None:
    """It asks for an ID token by form_post: the refusal comes by the same way, and says what is wrong."""
    outcome = await desk.run("default_response_type")
    assert outcome.asked == [[]]
    assert outcome.failure["error"] == "unsupported_response_type"
