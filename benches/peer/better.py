"""A better nightly script: whole entities, page after page, in one transaction.

It knows neither what a contract costs nor what changed, and keeps no history.
"""

from autotask import BELOW_CONTRACTS, CATALOGUE, Autotask, database, store, tell


def main():
    autotask, tables = Autotask(), database()
    for entity in ["Companies", "Contracts", *BELOW_CONTRACTS, *CATALOGUE]:
        store(tables, entity, autotask.rows(entity))
    tables.commit()
    tell(autotask)


if __name__ == "__main__":
    main()
