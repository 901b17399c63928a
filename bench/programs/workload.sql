-- SPDX-License-Identifier: Apache-2.0
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price REAL, kind INTEGER);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
  INSERT INTO item SELECT i, printf('item %d', i * 7919 % 60013), i * 37 % 1000 / 8.0, i % 97 FROM n;
CREATE INDEX item_kind ON item(kind, price);
CREATE INDEX item_name ON item(name);
SELECT kind, count(*), sum(price), max(name) FROM item GROUP BY kind ORDER BY sum(price) DESC LIMIT 5;
SELECT count(*) FROM item a JOIN item b ON a.name = b.name AND a.kind < b.kind + 3;
SELECT count(*) FROM item WHERE name LIKE '%77%';
UPDATE item SET price = price * 1.5 WHERE kind BETWEEN 10 AND 40;
DELETE FROM item WHERE id % 3 = 0;
SELECT count(*), sum(length(name)), total(price) FROM item;
