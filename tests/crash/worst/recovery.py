"""Scenes that begin in the middle of a run that was killed."""

import re
import signal

from worst import Bad, Variant


class Recovery(Variant):
    """The run after one that was killed is killed, too. The first kill leaves a journal with intents,
    and nothing, some or all of what the run creates: then neither state nor journal has the id of an
    object that exists, and a list may still lack it."""

    NOTHING, SOME, ALL = 1, 2, 3
    WORDS = {NOTHING: "nothing exists", SOME: "some exists", ALL: "all exists"}
    # Right before a request, and right before the journal gets what came of some.
    CALLS = {NOTHING: "send", SOME: "write", ALL: "write"}

    def __init__(self, scene, left):
        super().__init__(scene, f"{scene.name}, again after a kill when {self.WORDS[left]}")
        self.args = self.next_args = scene.next_args or scene.args
        self.stage, self.left = scene, left
        self.at = None  # which of these calls the first run does not make

    def left_at(self, w, number):
        """What a kill at that call leaves. 0: no intents. In between: not what this is about."""
        w.make(self.stage)
        old = {it[0] for it in w.live().values()}
        meddle = f"kill:{number}:0:{self.CALLS[self.left]}"
        status, out, err = w.run(self.scene.args, meddle)
        live = w.live()
        new = {it[0] for it in live.values()} - old
        texts = {it: open(it, errors="replace").read() for it in w.files()}
        journal = "".join(text for it, text in texts.items() if it.endswith(".journal"))
        has_intents = status == -signal.SIGKILL and re.search(r'"intents": *\[ *[^] ]', journal)
        if not new:
            return self.NOTHING if has_intents else 0
        is_one_lost = any(it not in "".join(texts.values()) for it in new)
        left = self.ALL if live.keys() == self.values.keys() else self.SOME
        return left if has_intents and is_one_lost else left + 0.5

    def search(self, w):
        """The first of these calls at which a kill leaves that, or more."""
        low, high = 1, 100
        while low < high:
            middle = (low + high) // 2
            if self.left_at(w, middle) < self.left:
                low = middle + 1
            else:
                high = middle
        return low

    def approach(self, w):
        at = self.at or self.search(w)
        for step in range(20):  # how many results the journal gets at once depends on timing
            number = at + (step + 1) // 2 * (1 if step % 2 else -1)
            if number > 0 and self.left_at(w, number) == self.left:
                self.at = number
                return
        raise Bad(f"no kill of the first run leaves this, not the one at number {at}")
