// The examples of the README and the guide; a name stands for [kind, text, values].

export const EXAMPLES = {
  "A neuron": ["expression", "tanh(w*x + b)", { w: -3, x: 2, b: 6.8813735870195432 }],
  "A small graph": ["expression", "d = a*b; e = a + b; d*e", { a: -2, b: 3 }],
  "One value used twice": ["expression", "x*x + x", { x: 3 }],
  "A neuron of two inputs": ["expression", "n = x1*w1 + x2*w2 + b; o = tanh(n); o",
    { x1: 2, w1: -3, x2: 0, w2: 1, b: 6.8813735870195432 }],
  "Softmax": ["expression", "exp(a) / (exp(a) + exp(b) + exp(c))", { a: 1, b: 2, c: 3 }],
  "Ten lines": ["python", `from engine import Value

x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
w1, w2, b = Value(-3.0, label="w1"), Value(1.0, label="w2"), Value(6.8813735870195432, label="b")
n = x1 * w1 + x2 * w2 + b
o = n.tanh()
o.backward()
print(f"o = {o:.4f}   ∂o/∂w1 = {w1.grad:.4f}   ∂o/∂x1 = {x1.grad:.4f}")
o
`, {}],
  "The lecture's expression": ["python", `from engine import Value

a, b = Value(-4.0, label="a"), Value(2.0, label="b")
c = a + b
d = a * b + b**3
c += c + 1
c += 1 + c + (-a)
d += d * 2 + (b + a).relu()
d += 3 * d + (b - a).relu()
e = c - d
f = e**2
g = f / 2.0
g += 10.0 / f
g.backward()
print(f"{g.data:.4f} {a.grad:.4f} {b.grad:.4f}")
g
`, {}],
  "Stop inside a loop": ["python", `from engine import Value, debug

w = Value(0.5, label="w")
for x, target in [(1.0, 2.0), (2.0, 4.0)]:
    loss = (w * x - target) ** 2
    debug(loss)  # s steps, c runs to the end, q lets the code go on
    w.grad = 0.0
    loss.backward()
    w.data -= 0.1 * w.grad
    print(f"loss {loss.data:.4f}   w is now {w.data:.4f}")
loss
`, {}],
  "Train a network": ["python", `import nn

rows, targets = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [-1.0, 1.0, 1.0, -1.0]
net = nn.MLP(2, [3, 1], activation="tanh", seed=4)
history = nn.fit(net, rows, targets, loss=nn.squared_error,
                 optimizer=nn.Adam(net.parameters(), 0.1), epochs=60, progress=False)
print(f"loss {history.loss[0]:.3f} → {history.loss[-1]:.5f}")
print([round(y, 2) for y in net.predict(rows)])
loss = nn.squared_error(net(rows[1]), targets[1])
loss
`, {}],
};
