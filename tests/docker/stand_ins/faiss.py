"""Stands in for faiss: an index that finds nothing."""


class Index:
    def search(self, vector: object, count: int) -> tuple[list[float], list[int]]:
        return [0.0] * count, [-1] * count


def read_index(path: str) -> Index:
    return Index()
