"""The fakes of Apollo, Hunter and Exa against the payload files: finding people, addresses and news."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.contract.providers.payloads import payload
from tests.contract.simulator.shapes import differences
from tests.contract.simulator.stand import KEYS, Stand, standing
from tests.unit.simulator.worlds import ADA, ADA_ID, world_of

GRACE = ADA | {
    "first name": "Grace",
    "last name": "Sample",
    "company": "Sample Plumbing",
    "email": "grace@sample.example",
    "email status": "",
    "mobile phone": "+15555550177",
    "state": "TX",
    "city": "Austin",
    "# employees": "80",
}
CALLBACK = "https://app.example.com/hooks/apollo/example-token"


@pytest.fixture
def stand() -> Iterator[Stand]:
    with standing(world_of([ADA, GRACE])) as running:
        yield running


def _apollo(stand: Stand, method: str, path: str, **request: Any) -> httpx.Response:
    headers = {"x-api-key": KEYS.apollo_key}
    return stand.http.request(method, f"{stand.server.urls.apollo}/api/v1{path}", headers=headers, **request)


def _hunter(stand: Stand, path: str, **query: str) -> httpx.Response:
    headers = {"x-api-key": KEYS.hunter_key}
    return stand.http.get(f"{stand.server.urls.hunter}/v2{path}", headers=headers, params=query)


def _exa(stand: Stand, **body: Any) -> httpx.Response:
    headers = {"x-api-key": KEYS.exa_key}
    return stand.http.post(f"{stand.server.urls.exa}/search", headers=headers, json=body)


# Apollo.


def test_apollo_search__has_the_documented_shape_and_hides_who_it_is(stand: Stand) -> None:
    found = _apollo(stand, "POST", "/mixed_people/api_search", params={"per_page": 10})
    assert found.status_code == 200
    assert differences(found.json(), payload("apollo", "api-search-response")) == []
    assert found.json()["total_entries"] == 2
    assert "Example" not in found.json()["people"][0].values()
    assert "@" not in found.text


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"person_locations[]": ["Texas, US", "TX"]}, ["Grace"]),
        ({"organization_num_employees_ranges[]": ["1,20"]}, ["Ada"]),
        ({"q_organization_domains_list[]": ["sample.example", "nobody.example"]}, ["Grace"]),
        ({"q_keywords": "heating"}, ["Ada"]),
        ({"person_titles[]": ["accountant"]}, []),
        ({"per_page": 1, "page": 2}, ["Grace"]),
    ],
)
def test_apollo_search__filters_by_repeated_parameters(
    stand: Stand, query: dict[str, Any], names: list[str]
) -> None:
    people = _apollo(stand, "POST", "/mixed_people/api_search", params=query).json()["people"]
    assert [person["first_name"] for person in people] == names


def test_apollo_match__has_the_documented_shape_and_costs_each_time(stand: Stand) -> None:
    ident = _apollo(stand, "POST", "/mixed_people/api_search").json()["people"][0]["id"]
    for _ in range(2):
        found = _apollo(stand, "POST", "/people/match", json={"id": ident})
        assert differences(found.json(), payload("apollo", "people-match-response")) == []
        assert found.json()["person"]["email"] == ADA["email"]
    nobody = _apollo(stand, "POST", "/people/match", json={"email": "nobody@example.com"})
    assert nobody.json()["person"] is None


def test_apollo_phones__come_later_and_can_be_asked_for(stand: Stand) -> None:
    body = {"email": ADA["email"], "reveal_phone_number": True}
    assert _apollo(stand, "POST", "/people/match", json=body).status_code == 422
    ident = _apollo(stand, "POST", "/people/match", json=body | {"webhook_url": CALLBACK}).json()[
        "request_id"
    ]
    waiting = _apollo(stand, "GET", f"/webhook_result/{ident}")
    assert (waiting.status_code, waiting.json()) == (404, payload("apollo", "webhook-result-404-pending"))
    (sent,) = stand.run_dry()
    assert sent.url == CALLBACK
    assert differences(sent.body, payload("apollo", "phone-enrichment-callback")) == []
    told = _apollo(stand, "GET", f"/webhook_result/{ident}")
    assert differences(told.json(), payload("apollo", "webhook-result-phone")) == []
    unknown = _apollo(stand, "GET", "/webhook_result/7")
    assert (unknown.status_code, unknown.json()) == (404, payload("apollo", "webhook-result-404-unknown"))


def test_apollo__refuses_a_wrong_key_in_plain_text(stand: Stand) -> None:
    url = f"{stand.server.urls.apollo}/api/v1/auth/health"
    assert stand.http.get(url, headers={"x-api-key": "no"}).headers["content-type"] == "text/plain"
    assert _apollo(stand, "GET", "/auth/health").status_code == 200


# Hunter.


def test_hunter_domain_search__has_the_documented_shape(stand: Stand) -> None:
    found = _hunter(stand, "/domain-search", domain="sample.example")
    assert differences(found.json(), payload("hunter", "domain-search-response")) == []
    assert [each["value"] for each in found.json()["data"]["emails"]] == [GRACE["email"]]
    assert _hunter(stand, "/domain-search", domain="nobody.example").json()["data"]["emails"] == []


def test_hunter_finder__knows_the_people_of_the_world_alone(stand: Stand) -> None:
    names = {"domain": "sample.example", "first_name": "Grace", "last_name": "Sample"}
    assert _hunter(stand, "/email-finder", **names).json()["data"]["email"] == GRACE["email"]
    nobody = _hunter(stand, "/email-finder", **(names | {"last_name": "Other"}))
    assert nobody.status_code == 404
    assert differences(nobody.json(), payload("hunter", "error-402")) == []


def test_hunter_verifier__tells_the_truth_about_an_address(stand: Stand) -> None:
    found = _hunter(stand, "/email-verifier", email=ADA["email"])
    assert differences(found.json(), payload("hunter", "email-verifier-response")) == []
    truth = world_of([ADA, GRACE]).people[ADA_ID]
    wanted = "invalid" if truth.bad_address else "valid"
    assert found.json()["data"]["status"] == wanted
    assert _hunter(stand, "/email-verifier", email="nobody@example.com").json()["data"]["status"] == "unknown"


def test_hunter_account__counts_what_was_used(stand: Stand) -> None:
    _hunter(stand, "/domain-search", domain="sample.example")
    _hunter(stand, "/domain-search", domain="nobody.example")
    _hunter(stand, "/email-verifier", email=ADA["email"])
    used = _hunter(stand, "/account").json()["data"]["requests"]
    assert (used["searches"]["used"], used["verifications"]["used"]) == (1, 1)


def test_hunter__refuses_a_wrong_key(stand: Stand) -> None:
    answer = stand.http.get(f"{stand.server.urls.hunter}/v2/account", headers={"x-api-key": "no"})
    assert answer.status_code == 401
    assert differences(answer.json(), payload("hunter", "error-429")) == []


# Exa.


def test_exa_search__has_the_documented_shape_and_finds_named_companies(stand: Stand) -> None:
    found = _exa(stand, **(payload("exa", "search-request") | {"query": "news of Sample Plumbing this year"}))
    assert differences(found.json(), payload("exa", "search-response")) == []
    (page,) = found.json()["results"]
    assert "Sample Plumbing" in page["text"]
    assert _exa(stand, query="news of Nobody Inc").json()["results"] == []


def test_exa_search__costs_more_for_more_results_and_is_the_same_again(stand: Stand) -> None:
    one, other = (_exa(stand, query="Sample Plumbing", numResults=15).json() for _ in range(2))
    assert one["costDollars"]["total"] == pytest.approx(0.012)
    stand.clock.advance_to(stand.clock.now + timedelta(hours=1))
    assert [page["url"] for page in one["results"]] == [page["url"] for page in other["results"]]


def test_exa__says_what_is_wrong_in_its_own_words(stand: Stand) -> None:
    refused = stand.http.post(f"{stand.server.urls.exa}/search", json={"query": "x"})
    empty = _exa(stand, query=" ")
    assert (refused.status_code, empty.status_code) == (401, 400)
    assert differences(empty.json(), payload("exa", "error-402")) == []
