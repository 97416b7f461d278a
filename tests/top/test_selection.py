# SPDX-License-Identifier: GPL-2.0-or-later
# runs-long
"""What is selected stays selected, and what is read stays where it is."""
import re

import screen


class Selection(screen.Case):
    def setUp(self):
        super().setUp()
        # Equal ones stand in the order of their ports.
        self.listeners = [self.listener(f"127.0.0.{i}", 8000 + i, backlog=9)
                          for i in range(1, 7)]
        self.places = [screen.at(listener) for listener in self.listeners]

    def order(self, lines):
        return [row.address for row in screen.parse_list(lines) if row.mark != "x"]

    def await_order(self, terminal, *order):
        """By number of the listener."""
        wanted = [self.places[i] for i in order]
        terminal.settle(lambda lines: self.assertEqual(self.order(lines), wanted))

    def await_selected(self, terminal, number):
        """The cursor of the terminal rests on its row, and the panel speaks of it."""
        place = self.places[number]

        def check(lines):
            self.assertIn(f" {place} ", terminal.selected())
            self.assertEqual(terminal.cursor[1], 0)
            self.assertRegex("\n".join(lines), rf"\n── {re.escape(place)} ")
        terminal.settle(check)

    def let_go(self, terminal):
        """To freeze the order and not ends the hold at once; F would end the selection with it."""
        terminal.keys("o", "o")
        terminal.gone("ORDER ")

    def select(self, terminal, number):
        terminal.keys("Home", *(number * ["Down"]))
        self.await_selected(terminal, number)

    def test_order_is_held_while_the_cursor_moves(self):
        terminal = self.screen("-d", "0.2")
        self.select(terminal, 2)
        terminal.see("ORDER HELD")
        self.fill(self.listeners[5], 9)
        terminal.settle(lambda lines: self.assertEqual(
            screen.parse_list(lines)[5].length, "10"))
        self.await_order(terminal, 0, 1, 2, 3, 4, 5)
        self.assertIn("ORDER HELD", terminal.text())
        # Then it is the worst first again, and the socket still the selected one.
        terminal.gone("ORDER HELD", deadline=15)
        self.await_order(terminal, 5, 0, 1, 2, 3, 4)
        self.await_selected(terminal, 2)

    def test_stays_when_those_above_die(self):
        terminal = self.screen("-d", "0.2")
        self.select(terminal, 3)
        self.listeners[0].close()
        self.await_order(terminal, 1, 2, 3, 4, 5)
        self.await_selected(terminal, 3)
        self.listeners[1].close()
        self.listeners[2].close()
        self.await_order(terminal, 3, 4, 5)
        self.await_selected(terminal, 3)
        # A new one above it, when the order is held no more.
        born = self.listener("127.0.0.1", 7000, backlog=1)
        self.places[0] = screen.at(born)
        self.fill(born, 1)
        self.let_go(terminal)
        self.await_order(terminal, 0, 3, 4, 5)
        self.await_selected(terminal, 3)

    def test_closed_and_opened_again(self):
        terminal = self.screen("-d", "0.2", "-o", "severity,local,limit,reasons")
        self.select(terminal, 4)
        self.listeners[4].close()
        gone = re.compile(rf"^x +{re.escape(self.places[4])} ")
        terminal.settle(lambda lines: self.assertRegex(terminal.selected(), gone))
        reborn = self.listener("127.0.0.5", self.listeners[4].port, backlog=77)
        self.assertEqual(screen.at(reborn), self.places[4])
        # It has come back.
        terminal.settle(lambda lines: self.assertRegex(
            terminal.selected(), rf"^\. +{re.escape(self.places[4])} +77 "))

    def test_cursor_of_other_pages(self):
        """What is typed is where the cursor is."""
        terminal = self.screen("-d", "0.2")
        terminal.keys("/")
        terminal.type("abc")
        terminal.settle(lambda lines: self.assertEqual(
            terminal.cursor, (23, len("Find: abc"))))
        self.assertEqual(terminal.selected(), "Find: abc")
        terminal.keys("Left")
        terminal.settle(lambda lines: self.assertEqual(
            terminal.cursor, (23, len("Find: ab"))))
        terminal.keys("Escape", "c")
        terminal.see(" Setup ")
        terminal.keys("Home")
        terminal.settle(lambda lines: self.assertRegex(terminal.selected(), r"^│ \[x\] groups "))
        terminal.keys("Down", "Down", "Down")
        terminal.settle(lambda lines: self.assertRegex(terminal.selected(), r"^│ \[.\] follow "))
