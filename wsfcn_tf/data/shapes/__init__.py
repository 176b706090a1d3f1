"""What people draw in less time than whole masks: strokes, points and boxes; which pixels are known from them."""
