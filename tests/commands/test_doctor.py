import json

from PIL import Image

from wsfcn_tf.__main__ import main


def make(root, tags):
    root.mkdir()
    for name in tags:
        Image.new("RGB", (40, 40), (ord(name), 0, 0)).save(root / f"{name}.png")
    (root / "tags.csv").write_text("image,tags\n" + "".join(f"{name},{shown}\n" for name, shown in tags.items()))
    return root


def test_warnings_only(tmp_path, capsys):
    root = make(tmp_path / "data", dict(zip("abcdefgh", ["cat"] * 5 + [""] * 3, strict=True)))
    (root / "a.png").write_bytes((root / "b.png").read_bytes())
    assert main(["doctor", str(root), "--json", str(tmp_path / "report.json")]) == 0
    assert capsys.readouterr().out.endswith("\n0 errors, 0 warnings, 1 note\n")
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["photos"] == {"train": 8} and report["findings"][0]["where"] == ["a.png = b.png"]


def test_errors(tmp_path, capsys):
    root = make(tmp_path / "data", dict(zip("abcdef", ["cat"] * 5 + [""], strict=True)))
    (root / "a.png").write_bytes(b"no photo")
    before = sorted(path.name for path in root.iterdir())
    assert main(["doctor", str(root)]) == 2
    out, err = capsys.readouterr()
    place = f"{root}/a.png: cannot be read as an image: replace it or remove it from the data"
    advice = "replace them, or remove them from the data"
    assert f"\nerror: 1 photo cannot be read: {advice}\n  {place}\n" in out
    message = f"error: {root}: 1 error in the data, told above: mend it before training"
    assert err.splitlines()[-1] == message
    assert sorted(path.name for path in root.iterdir()) == before


def test_what_masks_values_mean(tmp_path, capsys):
    root = make(tmp_path / "data", dict(zip("abcdef", ["cat"] * 5 + [""], strict=True)))
    (root / "masks").mkdir()
    Image.new("L", (40, 40), 255).save(root / "masks" / "a.png")
    assert main(["doctor", str(root)]) == 2
    setting = "data.mask_values={0: background, 255: cat}"
    assert f"if it is where cat is, say so: --set '{setting}'\n  a.png\n" in capsys.readouterr().out
    assert main(["doctor", str(root), "--set", setting]) == 0
    assert main(["doctor", str(root), "--set", "data.flip=true"]) == 2
    message = "error: --set data.flip=true: doctor looks at data.mask_values only: leave it out"
    assert capsys.readouterr().err.splitlines()[-1] == message
