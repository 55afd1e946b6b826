"""The nightly script that most begin with: one client after the other, committed as it comes.

It knows neither what a contract costs nor what changed, and keeps no history.
"""

from autotask import BELOW_CONTRACTS, CATALOGUE, PAGE, Autotask, database, store, tell


def main():
    autotask, tables = Autotask(), database()
    for entity in CATALOGUE:
        store(tables, entity, autotask.rows(entity))
    clients = autotask.rows("Companies", {"op": "eq", "field": "isActive", "value": True})
    store(tables, "Companies", clients)
    tables.commit()
    for client in clients:
        of_client = {"op": "eq", "field": "companyID", "value": client["id"]}
        contracts = autotask.rows("Contracts", of_client)
        store(tables, "Contracts", contracts)
        ids = [contract["id"] for contract in contracts]
        for entity in BELOW_CONTRACTS:
            for first in range(0, len(ids), PAGE):
                below = {"op": "in", "field": "contractID", "value": ids[first : first + PAGE]}
                store(tables, entity, autotask.rows(entity, below))
        tables.commit()
    tell(autotask)


if __name__ == "__main__":
    main()
