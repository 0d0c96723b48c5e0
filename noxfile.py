"""The tasks of this project: ``nox -l`` lists them, ``nox -s NAME`` runs one.

A task runs in the environment in which nox is installed. Arguments after ``--`` are passed on:
``nox -s features -- --tags=@streaming``.
"""

from __future__ import annotations

import sys

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["check"]


def run(session: nox.Session, module: str, *arguments: str) -> None:
    """Run ``python -m MODULE`` with these arguments, and with those after ``--`` on nox's command line."""
    session.run(sys.executable, "-m", module, *arguments, *session.posargs, external=True)


@nox.session
def check(session: nox.Session) -> None:
    """Run every check of the code and the texts, and the fast tests, at the same time."""
    run(session, "tests.all")


@nox.session(name="format")
def format_code(session: nox.Session) -> None:
    """Format the code, and fix the mistakes that ruff can fix."""
    run(session, "ruff", "format")
    run(session, "ruff", "check", "--fix")


@nox.session
def lint(session: nox.Session) -> None:
    """Run the checks without the tests: style, types, imports, spelling, language, features."""
    run(session, "tests.all", "--lint")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the fast tests, or only those that are named after --."""
    run(session, "pytest", "--numprocesses", "logical", "--dist", "loadgroup")


@nox.session
def slow(session: nox.Session) -> None:
    """Run the slow tests, which the task check leaves out: about 8 minutes."""
    run(session, "pytest", "-m", "slow", "--numprocesses", "logical", "--dist", "loadgroup")


@nox.session
def features(session: nox.Session) -> None:
    """Judge the reference bridge by all features except performance, soak, distributed: about 2 minutes."""
    run(session, "behave", "features/")


@nox.session
def distributed(session: nox.Session) -> None:
    """Judge several bridges over etcd: about 2 minutes; needs etcd."""
    run(session, "behave", "features/", "--tags=@distributed")


@nox.session
def over_etcd(session: nox.Session) -> None:
    """Judge one bridge with etcd as its store by the same features: about 2 minutes; needs etcd."""
    run(session, "tests.over_etcd")


@nox.session
def performance(session: nox.Session) -> None:
    """Judge the reference bridge by the features about speed."""
    run(session, "behave", "features/", "--tags=@performance")


@nox.session
def soak(session: nox.Session) -> None:
    """Judge the reference bridge by the features that take minutes: about 1 hour."""
    run(session, "behave", "features/", "--tags=@soak")


@nox.session
def mutants(session: nox.Session) -> None:
    """Run the features against every mutant of the bridge: about 1 hour; -- NAME for one of them."""
    run(session, "tests.mutants")


@nox.session
def fit(session: nox.Session) -> None:
    """Check that the patch of every mutant still fits the code: about a minute."""
    run(session, "tests.mutants.fit")


@nox.session
def documents(session: nox.Session) -> None:
    """Write docs/steps.md and docs/traceability.md, which are derived from the features and their steps."""
    run(session, "varbridge.conformance.documents")


@nox.session
def site(session: nox.Session) -> None:
    """Make the site of all pages in build/site, and check their links: about 5 s."""
    run(session, "mkdocs", "build", "--strict")


@nox.session
def messages(session: nox.Session) -> None:
    """Generate the messages in varbridge/messages from proto/."""
    session.run(sys.executable, "proto/generate.py", external=True)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure the reference bridge: about 35 minutes, or 2 with -- --quick."""
    run(session, "benchmarks")


@nox.session
def wheel(session: nox.Session) -> None:
    """Try the source archive and the wheel in new environments: about 2 minutes for 3 versions of Python."""
    run(session, "tests.wheel")


@nox.session
def package(session: nox.Session) -> None:
    """Build the source archive and the wheel in dist/."""
    run(session, "build")


@nox.session
def ci(session: nox.Session) -> None:
    """Run continuous integration in fresh environments: 12 minutes, or half an hour with -- --long."""
    session.run(".ci/run", *session.posargs, external=True)
