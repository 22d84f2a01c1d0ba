"""Parse: the same the other way round: the proxy reads the chunks, the service the length."""

from sevenstops.experiments.parse_smuggled import ATTACK_BY_CHUNKS, smuggled

EXPERIMENT = smuggled(
    "smuggled-request-by-chunks",
    "answers are off by one after a request that the proxy framed by its chunks (TE.CL)",
    "chunks",
    ATTACK_BY_CHUNKS,
    "length",
    3,
)
