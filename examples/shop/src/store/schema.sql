CREATE TABLE IF NOT EXISTS products (
    id          INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL,
    price_cents INTEGER NOT NULL,
    available   BOOLEAN NOT NULL DEFAULT TRUE
);

CREATE TABLE IF NOT EXISTS subscriptions (
    id    INTEGER PRIMARY KEY,
    email TEXT NOT NULL,
    plan  TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS boxes (
    id              INTEGER PRIMARY KEY,
    subscription_id INTEGER NOT NULL REFERENCES subscriptions,
    stage           TEXT    NOT NULL DEFAULT 'created',
    since           REAL    NOT NULL DEFAULT (unixepoch('subsec'))
);

CREATE TABLE IF NOT EXISTS box_moves (
    box_id        INTEGER NOT NULL REFERENCES boxes,
    from_stage    TEXT    NOT NULL,
    to_stage      TEXT    NOT NULL,
    spent_seconds REAL    NOT NULL
);

CREATE TABLE IF NOT EXISTS box_items (
    box_id     INTEGER NOT NULL REFERENCES boxes,
    product_id INTEGER NOT NULL REFERENCES products
);

CREATE TABLE IF NOT EXISTS orders (
    id          INTEGER PRIMARY KEY,
    total_cents INTEGER NOT NULL,
    is_refunded BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE TABLE IF NOT EXISTS order_items (
    order_id   INTEGER NOT NULL REFERENCES orders,
    product_id INTEGER NOT NULL REFERENCES products,
    quantity   INTEGER NOT NULL
);

CREATE INDEX IF NOT EXISTS order_items_of ON order_items (order_id);

CREATE TABLE IF NOT EXISTS feedback (
    touchpoint TEXT    NOT NULL,
    score      INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS customers (
    id            INTEGER PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL
);

INSERT OR IGNORE INTO products (id, name, price_cents, available) VALUES
    (1, 'Bamboo toothbrush',         390, TRUE),
    (2, 'Beeswax wraps, set of 3',  1450, TRUE),
    (3, 'Solid shampoo, rosemary',   890, TRUE),
    (4, 'Refill dish soap, 1 l',     720, TRUE),
    (5, 'Linen bread bag',          1690, TRUE),
    (6, 'Stainless lunch box',      2490, TRUE),
    (7, 'Compost bin, 7 l',         3290, TRUE),
    (8, 'Wildflower seed paper',     450, TRUE),
    (9, 'Olive wood dish brush',    1190, FALSE);

-- Ada's password is "sow-mend-share"; a bcrypt hash with its own salt is all that is ever stored.
INSERT OR IGNORE INTO customers (id, email, name, password_hash) VALUES
    (1, 'ada@ecolaura.example', 'Ada', '$2b$10$XULtZEDzakCrXETrZwyuKOHeSd695X13.pqBvCIrp2awy9415MmEG');
