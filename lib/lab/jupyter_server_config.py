"""A notebook that JupyterLab saves -> its tracked form: no outputs, no counts, no editor's metadata.

The page keeps its outputs until it is closed. lib/report/notebook.ts has the same form.
"""

METADATA = {
    "kernelspec": {"display_name": "TypeScript", "language": "typescript", "name": "tslab"},
    "language_info": {"file_extension": ".ts", "mimetype": "text/typescript", "name": "typescript"},
}
EDITOR_METADATA = {
    "autoscroll", "collapsed", "execution", "ExecuteTime", "jupyter", "pycharm", "scrolled",
    "trusted", "vscode",
}


def to_tracked_form(model, **_):
    """Changes the notebook in `model`; other files stay as they are."""
    if model["type"] != "notebook":
        return
    notebook = model["content"]
    notebook["metadata"] = {**notebook["metadata"], **METADATA}
    for cell in notebook["cells"]:
        for name in EDITOR_METADATA & set(cell["metadata"]):
            del cell["metadata"][name]
        cell["source"] = cell["source"].rstrip()
        if cell["cell_type"] == "code":
            cell["outputs"] = []
            cell["execution_count"] = None


c.FileContentsManager.pre_save_hook = to_tracked_form  # noqa: F821 (Jupyter defines c)
