"""VQAv2: open questions on COCO pictures; test-dev by the server, validation locally."""
