"""The flags of tools/search.py."""

from .flag import Flag
from .setting import setting

INDEX, QUERY, ANNOTATE = "search index", "search query", "search annotate"
LIVE, WATCH = "search live", "search watch"
LIST, REMOVE, DEMO, SERVE = "search list", "search remove", "search demo", "search serve"
PEOPLE, NAME = "search people", "search people name"
MERGE, SPLIT = "search people merge", "search people split"
ASKED = "-"  # in place of a file with a password

SEARCH_FLAGS = (
    Flag(("videos",), setting((), path=True), "VIDEO", "files and folders of frames", (INDEX,)),
    Flag(("sources",), setting(()), "SOURCE", "addresses (rtsp://…) and cameras (0, /dev/video0)", (LIVE,)),
    Flag(("images",), setting((), path=True), "IMAGE", "pictures of one person", (QUERY, WATCH)),
    Flag(
        ("--source",),
        setting(()),
        "SOURCE",
        "addresses (rtsp://…) and cameras (0, /dev/video0) to index and to watch (default: watch what others "
        "write to the gallery, on a server)",
        (WATCH,),
    ),
    Flag(("video",), setting("", path=True), "VIDEO", "an indexed file or folder", (ANNOTATE,)),
    Flag(("person",), setting(""), "PERSON", "number or name of a person", (NAME, SPLIT)),
    Flag(("name",), setting(""), "NAME", "what to call the person", (NAME,)),
    Flag(("people",), setting(()), "PERSON", "numbers or names of people", (MERGE,)),
    Flag(
        ("--gallery",),
        setting("gallery.db", path=True),
        "WHERE",
        "folder of milvus-lite, or address of a Milvus server",
        (INDEX, LIVE, WATCH, QUERY, ANNOTATE, LIST, REMOVE, PEOPLE, NAME, MERGE, SPLIT, SERVE),
    ),
    Flag(
        ("--weights",),
        setting("", path=True),
        "FILE",
        "network that compares people: mAPxx.pth beside its config.yml, or .onnx (default: the ready one in "
        "weights/)",
        (INDEX, LIVE, WATCH, QUERY, ANNOTATE, PEOPLE, DEMO, SERVE),
    ),
    Flag(
        ("--device",),
        setting("cuda", choices=("cuda", "cpu")),
        "DEVICE",
        "cuda or cpu",
        (INDEX, LIVE, WATCH, QUERY, ANNOTATE, DEMO, SERVE),
    ),
    Flag(
        ("--detector",),
        setting("", path=True),
        "DETECTOR",
        "what finds people: yolox_nano to yolox_x, motion, an .onnx file of YOLOX or YOLOv5 to YOLO12, or "
        "boxes as MOTChallenge's det.txt (default: motion)",
        (INDEX, LIVE, WATCH, DEMO),
    ),
    Flag(
        ("--detector",),
        setting("", path=True),
        "DETECTOR",
        "network that finds the person in a whole picture: yolox_nano to yolox_x, or an .onnx file",
        (QUERY, ANNOTATE),
    ),
    Flag(
        ("--detector",),
        setting("motion", path=True),
        "DETECTOR",
        "what finds people in videos that are added and, but for motion, in pictures of whole scenes: "
        "yolox_nano to yolox_x, motion, or an .onnx file",
        (SERVE,),
    ),
    Flag(
        ("--score",),
        setting(0.5, least=0, most=1),
        "X",
        "least score with which a detector's box begins a track; lower ones, down to 0.1, continue it",
        (INDEX, LIVE, WATCH, SERVE),
    ),
    Flag(
        ("--tracker",),
        setting("bytetrack", choices=("bytetrack", "ocsort", "botsort", "none")),
        "NAME",
        "bytetrack, ocsort or botsort; none: each box is somebody else, for pictures that do not follow one "
        "another",
        (INDEX, LIVE, WATCH, DEMO, SERVE),
    ),
    Flag(("--camera",), setting(""), "NAME", "name of the camera (default: that of the video)", (INDEX,)),
    Flag(("--camera",), setting(()), "NAME", "a name for each camera (default: from its address)", (LIVE,)),
    Flag(
        ("--camera",),
        setting(()),
        "NAME",
        "a name for each camera of --source; without it, watch only these cameras",
        (WATCH,),
    ),
    Flag(("--camera",), setting(()), "NAME", "only these cameras", (QUERY, REMOVE, PEOPLE, SPLIT)),
    Flag(
        ("--keep",),
        setting(""),
        "TIME",
        "remove who was seen longer ago, such as 30m, 24h or 7d (default: keep all)",
        (LIVE, WATCH),
    ),
    Flag(
        ("--start",),
        setting(""),
        "TIME",
        "when the video begins, as 2026-11-25T08:00; without it, its own clock counts",
        (INDEX,),
    ),
    Flag(("--every",), setting(1, least=1), "N", "look at each N-th frame", (INDEX, LIVE, WATCH, SERVE)),
    Flag(
        ("--fps",),
        setting(0.0, least=0),
        "X",
        "look at about X frames per second",
        (INDEX, LIVE, WATCH, SERVE),
    ),
    Flag(("--image",), setting((), path=True), "IMAGE", "pictures of a person to compare with", (ANNOTATE,)),
    Flag(("--box",), setting(""), "X,Y,W,H", "where the person is in the picture", (QUERY, WATCH, ANNOTATE)),
    Flag(
        ("--from",),
        setting(""),
        "TIME",
        "only from then on, as 0:12 or 2026-11-25T08:00",
        (QUERY, REMOVE, PEOPLE, SPLIT),
    ),
    Flag(("--to",), setting(""), "TIME", "only until then", (QUERY, REMOVE, PEOPLE, SPLIT)),
    Flag(("--top",), setting(10, least=1), "N", "answers at most", (QUERY,)),
    Flag(
        ("--threshold",),
        setting(""),
        "X",
        "least similarity, a cosine (default: calibrated beside the weights, 1 in 1000 strangers passes; to "
        "find out who is one person, 1 in as many as there are walks)",
        (QUERY, WATCH, ANNOTATE, PEOPLE, SERVE),
    ),
    Flag(
        ("--format",),
        setting("table", choices=("table", "json", "csv")),
        "FORMAT",
        "table, json or csv",
        (QUERY, PEOPLE, LIST),
    ),
    Flag(("--out",), setting("", path=True), "FILE", "write the answers to it", (QUERY, PEOPLE)),
    Flag(("--out",), setting("", path=True), "FILE", "write the list to it", (LIST,)),
    Flag(
        ("--timeline",),
        setting("", path=True),
        "FILE",
        "picture to write, .png: a row for each person, a colour for each camera",
        (PEOPLE,),
    ),
    Flag(
        ("--travel",),
        setting("", path=True),
        "FILE",
        "YAML with least times between cameras",
        (PEOPLE, SERVE),
    ),
    Flag(
        ("--quality",),
        setting(0.15, least=0, most=1),
        "X",
        "leave out whose best picture is worse: tiny, blurred or hidden",
        (PEOPLE, SERVE),
    ),
    Flag(
        ("--anew",),
        setting(False),
        "",
        "group all again, but for what was named, merged and split",
        (PEOPLE,),
    ),
    Flag(("--show",), setting(False), "", "group nothing, only show who is known", (PEOPLE,)),
    Flag(("--tracklet",), setting(()), "ID", "only these tracklets", (SPLIT,)),
    Flag(
        ("--out",), setting("", path=True), "FILE", "video to write (default: <name>-people.mp4)", (ANNOTATE,)
    ),
    Flag(("--sheet",), setting("", path=True), "FILE", "contact sheet to write, .png", (QUERY,)),
    Flag(("--name",), setting(""), "NAME", "of the person (default: that of the first picture)", (WATCH,)),
    Flag(
        ("--notify",),
        setting(""),
        "URL",
        "http or https address that is sent a JSON message by POST when the person appears",
        (WATCH,),
    ),
    Flag(
        ("--video",),
        setting("", path=True),
        "VIDEO",
        "only this video: its file, its name, or the beginning of its id, as list shows them",
        (REMOVE, PEOPLE, SPLIT),
    ),
    Flag(("--folder",), setting("logs/search-demo", path=True), "FILE", "folder to draw into", (DEMO,)),
    Flag(("--seconds",), setting(20.0, above=0), "S", "length of each video", (DEMO,)),
    Flag(("--people",), setting(12, least=1), "N", "how many people walk in them", (DEMO,)),
    Flag(("--seed",), setting(0, least=0), "N", "another number, other people", (DEMO,)),
    Flag(
        ("--videos",),
        setting((), path=True),
        "FOLDER",
        "where the gallery's videos are, to play them",
        (SERVE,),
    ),
    Flag(
        ("--uploads",),
        setting("", path=True),
        "FOLDER",
        "where videos go that a browser sends (default: <gallery>-uploads beside the gallery)",
        (SERVE,),
    ),
    Flag(("--max_upload",), setting(2000, least=1), "MB", "largest video that a browser may send", (SERVE,)),
    Flag(
        ("--host",),
        setting("127.0.0.1"),
        "ADDRESS",
        "address of this machine to listen at; 0.0.0.0: all, for other machines, best with a --password",
        (SERVE,),
    ),
    Flag(
        ("--port",), setting(8700, least=0, most=65535), "N", "port to listen at; 0: any free one", (SERVE,)
    ),
    Flag(
        ("--password",),
        setting("", path=True),
        "FILE",
        "ask for a password: the first line of this file; alone: $SEARCH_PASSWORD or, without it, what is "
        "typed now",
        (SERVE,),
        ASKED,
    ),
)
