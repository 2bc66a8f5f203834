"""Small question sets of HallusionBench in its own format."""

from __future__ import annotations

import json


def item(category, figure, visual, *, gt="1", question="0", set_id="0", **fields):
    """A record of the question file; set one field more to add a prediction or a verdict."""
    textual = category == "VS" and figure == "0"
    return {
        "category": category,
        "subcategory": "chart",
        "visual_input": visual,
        "set_id": set_id,
        "figure_id": figure,
        "sample_note": "",
        "question_id": question,
        "question": f"Is {question} so?",
        "gt_answer_details": "It is.",
        "gt_answer": gt,
        "filename": None if textual else f"./{category}/chart/{set_id}_{figure}.png",
        **fields,
    }


def judged(category, figure, visual, code, same="0", **fields):
    """A record with a prediction and verdicts."""
    verdict = {"gpt4v_output_gpt_check": code, "same": same}
    return item(category, figure, visual, model_prediction="Yes", **verdict, **fields)


def write(path, records):
    path.write_text(json.dumps(records), encoding="utf-8")
    return path
