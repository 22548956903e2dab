"""Settings of every kind of nonsense end in settings or in one line that says what is wrong."""

import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from config import ConfigError, check_paths, compare_settings, get_defaults, load_cfg
from config.defaults import SETTINGS
from tools.start import CHOICES

KEYS = list(SETTINGS)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        [
            "yes",
            "off",
            "('market1501')",
            "[256,128]",
            "1e400",
            "-0",
            "nan",
            "0x10",
            "__import__('os')",
            "~/x",
            r"('E:\new')",
        ]
    ),
)
VALUES = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=4) | st.dictionaries(st.text(max_size=8), v, max_size=3)
)
quick = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def load(*argv: str) -> None:
    """Load, and check what the commands check; nothing but a ConfigError may be raised."""
    for command in ("train", "test"):
        try:
            cfg = load_cfg(list(argv), command, CHOICES)
            check_paths(cfg, command)
            compare_settings(cfg, get_defaults().dump())
        except ConfigError as error:
            assert str(error).strip(), "it says what is wrong"


@quick
@given(st.lists(st.tuples(st.sampled_from(KEYS), VALUES), max_size=4))
@example([("SOLVER.STEPS", [3, [4]])])
@example([("INPUT.SIZE_TRAIN", [])])
@example([("DATASETS.NAMES", [])])
def test_values_on_the_command_line(pairs):
    load(*(word for key, value in pairs for word in (key, str(value)) if not word.startswith("-")))


@quick
@given(st.lists(st.text(max_size=15), max_size=6))
@example(["--resume", "\0"])
@example(["SOLVER.", "1"])
def test_words_on_the_command_line(words):
    load(*(word for word in words if word not in ("-h", "--help")))


@quick
@given(st.dictionaries(st.sampled_from(["MODEL", "SOLVER", "SEED", "INPUT", "nonsense"]), VALUES, max_size=3))
def test_trees_in_a_file(tmp_path, tree):
    file = tmp_path / "settings.yml"
    file.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8", errors="replace")
    load("--config_file", str(file))


@quick
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode(errors="replace")))
@example(b"!!python/object/apply:os.system ['exit 1']")
@example(b"a: &a [*a]")
@example(b"SOLVER: &s {BASE_LR: 1, x: *s}")
@example(b"\xff\xfe")
@example(b"[" * 3000)
def test_bytes_in_a_file(tmp_path, content):
    file = tmp_path / "settings.yml"
    file.write_bytes(content)
    load("--config_file", str(file))
