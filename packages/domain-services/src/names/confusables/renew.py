#!/usr/bin/python3
"""Generates table.ts from Unicode's confusables data in Debian's package python3-confusable-homoglyphs.

usage: renew.py [confusables.json] > table.ts
"""
import json
import sys

FILE = '/usr/lib/python3/dist-packages/confusable_homoglyphs/confusables.json'
data = json.load(open(sys.argv[1] if len(sys.argv) > 1 else FILE))
groups = {}
for letter, likes in data.items():
    if len(letter) != 1 or ord(letter) < 0x80:
        continue
    targets = {like['c'].lower() for like in likes if like['c'].isascii() and like['c'].isalnum()}
    if targets:
        # Of 1, I and l, which all look like one stroke, the letter stands for all.
        target = 'l' if targets & {'l', '1', 'i'} and len(targets) > 1 else min(targets)
        groups.setdefault(target, set()).add(letter)

print('// Made by renew.py of the data of UTS #39, (c) 2022 Unicode, Inc.: see LICENSE.')
print()
print('/** Letters that look like ASCII ones: what they look like, and all of them. */')
print('// biome-ignore format: a table')
print('export const CONFUSABLES: readonly (readonly [ascii: string, alike: string])[] = [')
for target, letters in sorted(groups.items()):
    text = ''.join('\\u{%x}' % ord(letter) for letter in sorted(letters))
    print("  ['%s', '%s']," % (target, text))
print('];')
