# make demo: train on drawn people, about three minutes on two CPU cores.   make test: ruff, then pytest.
# make test-fast: what needs no training, no process, no server and no browser; under two minutes.
# All set up .venv first. Another interpreter: make demo PYTHON=python3.12   Another installer: make test PIP='uv pip'
PYTHON ?= python3
BIN := .venv/bin
PIP ?= $(BIN)/python -m pip

.PHONY: demo test test-fast docs setup search-demo

demo: setup
	$(BIN)/python tools/train.py --config_file configs/demo.yml

# Draw three cameras' videos, index them, ask for everyone in them: needs no data and no network. Real people's network
# does not know drawn ones: it learns them first, once, as in the demo, in about two minutes.
search-demo: logs/search-demo
	$(BIN)/python tools/search.py demo --weights "$$(ls $</mAP*.pth | tail -n 1)"

logs/search-demo: | .venv/searched
	rm -rf $@.part
	$(BIN)/python tools/train.py --config_file configs/demo.yml OUTPUT_DIR $@.part SOLVER.EVAL_PERIOD 8
	$(BIN)/python tools/test.py --model_path "$$(ls $@.part/mAP*.pth | tail -n 1)" --calibrate
	mv $@.part $@

test: .venv/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n auto --maxprocesses 4

# The other tests train, or start programs, servers or browsers.
SLOW := tests/tools tests/cuda tests/engine tests/export tests/test_hubconf.py tests/test_readme.py \
	tests/search/demo tests/search/detectors tests/search/gallery tests/search/live tests/search/page \
	tests/search/test_indexing.py tests/search/test_query.py tests/search/test_video.py tests/search/test_watch.py \
	tests/search/test_webhook.py \
	tests/data/test_cache.py tests/data/test_device_loader.py tests/data/test_hostile_files.py \
	tests/data/test_images.py tests/data/test_workers.py tests/layers/test_across_processes.py \
	tests/layers/test_build.py tests/modeling/test_parts_across_processes.py tests/utils/test_distributed.py \
	tests/utils/test_memory.py tests/utils/test_random_state.py tests/utils/test_streams.py

test-fast: .venv/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n auto --maxprocesses 4 $(SLOW:%=--ignore=%)

# The site of the documentation, in site/. A link that leads nowhere is an error.
docs: .venv/documented
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

.venv/documented: .venv/installed requirements-docs.txt
	$(PIP) install --quiet -r requirements-docs.txt
	@touch $@

setup: .venv/installed

# What only the search needs.
.venv/searched: .venv/installed requirements-search.txt
	$(PIP) install --quiet -r requirements-search.txt
	@touch $@

# What only the search, the export, watching a training and the tests need.
EXTRAS := requirements-search.txt requirements-export.txt requirements-watch.txt requirements-server.txt \
	requirements-test.txt
.venv/tested: .venv/installed $(EXTRAS)
	$(PIP) install --quiet $(EXTRAS:%=-r %)
	@touch $@

.venv/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "error: Python 3.10 or newer is needed, $(PYTHON) is older or missing; name one with PYTHON=..."; exit 2; }
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet -r requirements.txt
	@# opencv-python draws windows and so needs libGL; a server may lack it.
	@$(BIN)/python -c 'import cv2' 2>/dev/null || { \
		echo "OpenCV cannot find the system's libGL: taking opencv-python-headless in its place"; \
		$(PIP) uninstall --quiet --yes opencv-python; \
		$(PIP) install --quiet opencv-python-headless; }
	@touch $@
