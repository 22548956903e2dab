"""The commands: one row each, and one file in tools/."""

from .command import PREVIEWING, SHOWING, TESTING, TRAINING, USING, Command

COMMANDS = {
    command.name: command
    for command in (
        Command(
            "train",
            "Train a person re-identification network; every epoch ends with mAP and Rank-1/5/10 and a "
            "mAPxx.pth.",
            (
                "--config_file configs/demo.yml",
                "--model_name resnet50_ibn_a --IMS_PER_BATCH 64 --MAX_EPOCHS 120",
                '--model_name resnet18 --pretrain_choice none INPUT.SIZE_TRAIN "[128,64]"',
                "--resume logs/<run>",
            ),
            TRAINING,
        ),
        Command(
            "test",
            "Measure mAP and Rank-1/5/10 of trained weights. For weights beside their run's config.yml, no "
            "other flag is needed.",
            (
                "--model_path logs/<run>/mAP75.1.pth",
                "--model_name resnet50 --model_path weights/mAP75.1.pth --TEST_IMS_PER_BATCH 4",
                "--model_path logs/<run>/mAP75.1.pth --report report.html",
                "--model_path logs/<run>/mAP75.1.pth --compare other.pth reid.onnx --report report.html",
            ),
            TESTING,
        ),
        Command(
            "extract",
            "Write the features of images into a file, by the images' names. An IMAGE is a file, a folder "
            "with those below it, or a table (.csv, .parquet) with a column path.",
            (
                "photos/ --model_path logs/<run>/mAP75.1.pth --out features.parquet",
                "a.jpg b.png --model_path reid.onnx --out features.csv",
                "data/market1501/bounding_box_train --model_path logs/<run>/mAP75.1.pth --out teacher.npz",
            ),
            USING,
            "exit code: 0 also where some images cannot be read; they are named and left out",
        ),
        Command(
            "export",
            "Write a trained network in another format, check that it gives the same features, and compare "
            "size, speed and mAP. Format pth: weights of this program in half precision, without the "
            "classifier, to hand on.",
            (
                "--model_path logs/<run>/mAP75.1.pth --format onnx",
                "--model_path logs/<run>/mAP75.1.pth --format onnx --int8 --with_preprocess --l2_norm",
                "--model_path logs/<run>/mAP75.1.pth --format openvino --fp16 --out reid.xml",
                "--model_path logs/<run>/mAP75.1.pth --format pth --out weights/market1501_resnet50.pth",
            ),
            USING,
        ),
        Command(
            "validate_data",
            "Read a whole data set and report what is wrong with it. Also takes all flags and settings of "
            "tools/train.py.",
            (
                "DATASETS.NAMES market1501",
                "DATASETS.NAMES /path/to/folder-or-table --json report.json",
            ),
            TRAINING,
            "exit code: 0 nothing found, 1 warnings, 2 errors, which make training or testing fail or "
            "meaningless",
        ),
        Command("visualize", "Look at what a network finds, where it looks, and what it is trained on."),
        Command(
            "visualize ranks",
            "What queries find: the nearest gallery images of each, with camera and score, matches in green, "
            "others in red. By the plain ranking.",
            (
                "--model_path logs/<run>/mAP75.1.pth",
                "--model_path logs/<run>/mAP75.1.pth --queries 0001_c1s1_001051_00.jpg --out person-1.png",
                "--model_path reid.onnx --random 8 DATASETS.NAMES synthetic",
            ),
            SHOWING,
        ),
        Command(
            "visualize activations",
            "Where a network looks: the energy of its last feature map over the image, as OSNet's papers "
            "show it; of each image, the map and both together.",
            (
                "--model_path logs/<run>/mAP75.1.pth --random 12",
                "--model_path logs/<run>/mAP75.1.pth --images photos/ a.jpg",
            ),
            SHOWING,
        ),
        Command(
            "visualize embedding",
            "How a network groups people: the test images of some of them on a plane, near where their "
            "features are near. A colour for each person, a marker for each camera.",
            (
                "--model_path logs/<run>/mAP75.1.pth --people 20",
                "--model_path logs/<run>/mAP75.1.pth --method umap --out umap.png",
            ),
            SHOWING,
        ),
        Command(
            "visualize batch",
            "A training batch as the network sees it: cropped, flipped and erased as the settings say. Takes "
            "all flags and settings of tools/train.py.",
            (
                "--config_file configs/demo.yml --IMS_PER_BATCH 32",
                "--model_path logs/<run>/mAP75.1.pth --epoch 30 INPUT.RE_PROB 1",
            ),
            PREVIEWING,
        ),
        Command(
            "results",
            "Compare finished runs as a Markdown table: the last evaluation of each, how its settings differ "
            "from those of the first, and the mean of runs that differ only in their seed; also as curves.",
            ("logs/<run> logs/<run> --picture curves.png", "logs/<run> --overview"),
        ),
        Command("settings", "Print the page of all settings as Markdown.", ("> docs/settings.md",)),
        Command(
            "search", "Find a person in videos: index the videos, then ask with a picture of the person."
        ),
        Command(
            "search index",
            "Find the people in videos and add them to a gallery. A video that is there already is left "
            "as it is; one that was interrupted is resumed. A VIDEO is a file or a folder of frames; live "
            "cameras are for tools/search.py live.",
            (
                "entrance.mp4 --camera entrance --start 2026-11-25T08:00",
                "cam1.mp4 cam2.mp4 --detector yolox_s --fps 5",
                "yard.mp4 --detector yolov8n.onnx --gallery http://server:19530",
            ),
        ),
        Command(
            "search live",
            "Index live cameras until Ctrl-C or SIGTERM: addresses, or cameras of this machine. One that is "
            "lost is connected again. Whoever was seen is found seconds later.",
            (
                "rtsp://10.0.0.5/stream rtsp://10.0.0.6/stream --camera gate yard --detector yolox_s --fps 5",
                "0 --keep 24h",
            ),
        ),
        Command(
            "search watch",
            "Print a line when a person appears, until Ctrl-C or SIGTERM. Reads live cameras as live does, "
            "or waits for what other machines write to a gallery on a Milvus server.",
            (
                "person.jpg --source rtsp://10.0.0.5/stream --camera gate --notify http://desk:8000/seen",
                "person.jpg other.jpg --gallery http://server:19530",
            ),
        ),
        Command(
            "search query",
            "Where was the person in these pictures? A picture is cut out around the person, or shows a "
            "whole scene, in which a detector finds the person; several are of one person.",
            (
                "person.jpg",
                "person.jpg --camera entrance --from 2026-11-25T08:00 --to 2026-11-25T12:00",
                "person.jpg other.jpg --sheet found.png",
                "scene.jpg --box 410,120,80,200 --format json",
            ),
        ),
        Command(
            "search annotate",
            "Write an indexed video with its people marked, and how similar they are to a person.",
            ("entrance.mp4 --out seen.mp4", "entrance.mp4 --image person.jpg --out seen.mp4"),
        ),
        Command(
            "search people",
            "Who was where, and when: find out which tracklets of all videos are of the same person, and "
            "show them. Who is known keeps the number; what is new joins them, or is somebody new.",
            (
                "--timeline people.png",
                "--travel ways.yml --from 2026-11-25T08:00 --format csv --out people.csv",
                "--anew --threshold 0.6",
            ),
            notes="ways.yml holds the least times between cameras: entrance: {yard: 20, garage: 1:30}",
        ),
        Command(
            "search people name",
            'Give a person a name; "" takes it away. What is of the person then, stays so, as what is merged '
            "or split does.",
            ("3 Anna",),
        ),
        Command("search people merge", "Say that two people or more are one: the first.", ("3 7",)),
        Command(
            "search people split",
            "Say that a part of a person is somebody else. Ids of tracklets are in people --format json.",
            ("3 --camera entrance --from 2026-11-25T08:00 --to 2026-11-25T08:05", "3 --tracklet <id> <id>"),
        ),
        Command(
            "search list",
            "List the videos of a gallery, with the ids by which --video names them.",
            ("--gallery gallery.db", "--format csv --out videos.csv"),
        ),
        Command(
            "search remove",
            "Remove the people of a video, a camera or a time from a gallery for good.",
            ("--video entrance.mp4", "--video 3f2a91bc", "--camera entrance --to 2026-10-01T00:00"),
        ),
        Command(
            "search serve",
            "Show a web page to find people, look through videos, say who is who and add videos.",
            ("--videos recordings --detector yolox_s", "--host 0.0.0.0 --password page-password.txt"),
        ),
        Command(
            "search demo",
            "Draw three cameras' videos of people, index them, ask for each of the people, and compare what "
            "comes back with the truth.",
            ("--weights logs/<run>/mAP60.4.pth",),
        ),
        Command("benchmark", "Measure speed and memory, and print them as Markdown."),
        Command(
            "benchmark eval",
            "mAP/CMC and re-ranking against the bare matrix product. A SIZE is market1501, msmt17, "
            "market1501+500k, or QUERIESxGALLERYxDIMENSIONS.",
            ("--repeats 3 --json eval.json",),
        ),
        Command(
            "benchmark train",
            "The training loop against the bare network and plain PyTorch. Flags and settings are those "
            "of tools/train.py; nothing is saved.",
            ("--model_name resnet18 --pretrain_choice none MODEL.DEVICE cpu --json train.json",),
            TRAINING,
        ),
        Command(
            "benchmark gallery",
            "Inserting into a gallery of search/ and searching it, against numpy, and what the page takes to "
            "answer from it. The gallery is a new one, and is deleted in the end.",
            ("--json gallery.json", "--uri http://127.0.0.1:19530 --vectors 20000"),
        ),
        Command(
            "benchmark people",
            "Finding out who is the same person, among made-up tracklets in a new gallery, which is deleted "
            "in the end.",
            ("--tracklets 10000 100000 --json people.json",),
        ),
        Command(
            "benchmark search",
            "Indexing a video, against its two networks alone and against a plain search, which embeds every "
            "detection.",
            (
                "entrance.mp4 --detector yolox_nano --json search.json",
                "entrance.mp4 --weights osnet.onnx --times 10",
            ),
        ),
    )
}
