"""What both scripts share: Autotask as most scripts know it, and SQLite as their store.

Where it is and who asks stands in PEER_URL, PEER_USER, PEER_CODE and PEER_SECRET; the file of the
database in PEER_DATABASE. At the end it prints what it took, as JSON in one line.
"""

import json
import os
import resource
import sqlite3
import sys

import requests

# The entities that hold what a contract consists of, below its agreement.
BELOW_CONTRACTS = [
    "ContractServices",
    "ContractServiceUnits",
    "ContractServiceBundles",
    "ContractServiceBundleUnits",
    "ContractBlocks",
    "ContractRetainers",
    "ContractTicketPurchases",
    "ContractMilestones",
    "ContractCharges",
]
# What their rows refer to.
CATALOGUE = ["Services", "ServiceBundles", "ServiceBundleServices", "Currencies"]
# Autotask's largest page.
PAGE = 500


class Autotask:
    """A session with the zone of the user."""

    def __init__(self):
        self.requests = 0
        self.session = requests.Session()
        user = os.environ["PEER_USER"]
        found = self.session.get(
            os.environ["PEER_URL"].rstrip("/") + "/V1.0/zoneInformation",
            params={"user": user},
            timeout=60,
        )
        found.raise_for_status()
        self.zone = found.json()["url"]
        self.session.headers.update(
            {
                "ApiIntegrationCode": os.environ["PEER_CODE"],
                "UserName": user,
                "Secret": os.environ["PEER_SECRET"],
            }
        )

    def rows(self, entity, *conditions):
        """All rows of a query as a list, in the order of their ids."""
        found, last = [], -1
        while True:
            after = {"op": "gt", "field": "id", "value": last}
            answer = self.session.post(
                f"{self.zone}V1.0/{entity}/query",
                json={"filter": [after, *conditions], "MaxRecords": PAGE},
                timeout=300,
            )
            self.requests += 1
            answer.raise_for_status()
            page = answer.json()["items"]
            found += page
            if len(page) < PAGE:
                return found
            last = page[-1]["id"]


def database():
    """The tables, one for each entity: the id of a row, and the row as it came."""
    tables = sqlite3.connect(os.environ["PEER_DATABASE"])
    for entity in ["Companies", "Contracts", *BELOW_CONTRACTS, *CATALOGUE]:
        tables.execute(f"CREATE TABLE IF NOT EXISTS {entity} (id INTEGER PRIMARY KEY, row TEXT)")
    return tables


def store(tables, entity, rows):
    """Puts rows into their table, in place of what is there."""
    tables.executemany(
        f"INSERT OR REPLACE INTO {entity} VALUES (?, ?)",
        ((row["id"], json.dumps(row)) for row in rows),
    )


def tell(autotask):
    """Prints what this process took."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    json.dump(
        {
            "requests": autotask.requests,
            "processor_seconds": used.ru_utime + used.ru_stime,
            "peak_mib": used.ru_maxrss / 1024,
        },
        sys.stdout,
    )
    print()
