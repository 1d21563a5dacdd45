module @nested_loops_power attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<4x4xi32>) -> (tensor<4x4xi32>, tensor<5x4x4xi32>) {
    %c = stablehlo.constant dense<0> : tensor<i32>
    %0 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<4x4xi32>
    %1 = stablehlo.iota dim = 0 : tensor<5xi32>
    %c_0 = stablehlo.constant dense<0> : tensor<i32>
    %2 = stablehlo.broadcast_in_dim %c_0, dims = [] : (tensor<i32>) -> tensor<5x4x4xi32>
    %c_1 = stablehlo.constant dense<0> : tensor<i64>
    %3:5 = stablehlo.while(%iterArg = %1, %iterArg_2 = %arg0, %iterArg_3 = %c_1, %iterArg_4 = %0, %iterArg_5 = %2) : tensor<5xi32>, tensor<4x4xi32>, tensor<i64>, tensor<4x4xi32>, tensor<5x4x4xi32>
    cond {
      %c_6 = stablehlo.constant dense<5> : tensor<i64>
      %4 = stablehlo.compare LT, %iterArg_3, %c_6, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      stablehlo.return %4 : tensor<i1>
    } do {
      %4 = func.call @dynamic_index_in_dim(%iterArg, %iterArg_3) : (tensor<5xi32>, tensor<i64>) -> tensor<i32>
      %5:2 = func.call @closed_call(%iterArg_2, %iterArg_4, %4) : (tensor<4x4xi32>, tensor<4x4xi32>, tensor<i32>) -> (tensor<4x4xi32>, tensor<4x4xi32>)
      %6 = func.call @dynamic_update_index_in_dim(%iterArg_5, %5#1, %iterArg_3) : (tensor<5x4x4xi32>, tensor<4x4xi32>, tensor<i64>) -> tensor<5x4x4xi32>
      %c_6 = stablehlo.constant dense<1> : tensor<i64>
      %7 = stablehlo.add %iterArg_3, %c_6 : tensor<i64>
      stablehlo.return %iterArg, %iterArg_2, %7, %5#0, %6 : tensor<5xi32>, tensor<4x4xi32>, tensor<i64>, tensor<4x4xi32>, tensor<5x4x4xi32>
    }
    return %3#3, %3#4 : tensor<4x4xi32>, tensor<5x4x4xi32>
  }
  func.func private @dynamic_index_in_dim(%arg0: tensor<5xi32>, %arg1: tensor<i64>) -> tensor<i32> {
    %0 = stablehlo.dynamic_slice %arg0, %arg1, sizes = [1] : (tensor<5xi32>, tensor<i64>) -> tensor<1xi32>
    %1 = stablehlo.reshape %0 : (tensor<1xi32>) -> tensor<i32>
    return %1 : tensor<i32>
  }
  func.func private @closed_call(%arg0: tensor<4x4xi32>, %arg1: tensor<4x4xi32>, %arg2: tensor<i32>) -> (tensor<4x4xi32>, tensor<4x4xi32>) {
    %0 = stablehlo.iota dim = 0 : tensor<4x4xi64>
    %1 = stablehlo.iota dim = 1 : tensor<4x4xi64>
    %c = stablehlo.constant dense<0> : tensor<i64>
    %2 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i64>) -> tensor<4x4xi64>
    %3 = stablehlo.add %0, %2 : tensor<4x4xi64>
    %4 = stablehlo.compare EQ, %3, %1, SIGNED : (tensor<4x4xi64>, tensor<4x4xi64>) -> tensor<4x4xi1>
    %5 = stablehlo.convert %4 : (tensor<4x4xi1>) -> tensor<4x4xi32>
    %6:3 = stablehlo.while(%iterArg = %arg0, %iterArg_0 = %arg2, %iterArg_1 = %5) : tensor<4x4xi32>, tensor<i32>, tensor<4x4xi32>
    cond {
      %c_2 = stablehlo.constant dense<0> : tensor<i32>
      %8 = stablehlo.compare GT, %iterArg_0, %c_2, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %8 : tensor<i1>
    } do {
      %c_2 = stablehlo.constant dense<1> : tensor<i32>
      %8 = stablehlo.subtract %iterArg_0, %c_2 : tensor<i32>
      %9 = stablehlo.dot_general %iterArg_1, %iterArg, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<4x4xi32>, tensor<4x4xi32>) -> tensor<4x4xi32>
      %c_3 = stablehlo.constant dense<97> : tensor<i64>
      %10 = func.call @remainder(%9, %c_3) : (tensor<4x4xi32>, tensor<i64>) -> tensor<4x4xi32>
      stablehlo.return %iterArg, %8, %10 : tensor<4x4xi32>, tensor<i32>, tensor<4x4xi32>
    }
    %7 = stablehlo.add %arg1, %6#2 : tensor<4x4xi32>
    return %7, %6#2 : tensor<4x4xi32>, tensor<4x4xi32>
  }
  func.func private @remainder(%arg0: tensor<4x4xi32>, %arg1: tensor<i64>) -> tensor<4x4xi32> {
    %0 = stablehlo.convert %arg1 : (tensor<i64>) -> tensor<i32>
    %c = stablehlo.constant dense<0> : tensor<i32>
    %1 = stablehlo.compare EQ, %0, %c, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    %c_0 = stablehlo.constant dense<1> : tensor<i32>
    %2 = call @_where(%1, %c_0, %0) : (tensor<i1>, tensor<i32>, tensor<i32>) -> tensor<i32>
    %3 = stablehlo.broadcast_in_dim %2, dims = [] : (tensor<i32>) -> tensor<4x4xi32>
    %4 = stablehlo.remainder %arg0, %3 : tensor<4x4xi32>
    %c_1 = stablehlo.constant dense<0> : tensor<i32>
    %5 = stablehlo.broadcast_in_dim %c_1, dims = [] : (tensor<i32>) -> tensor<4x4xi32>
    %6 = stablehlo.compare NE, %4, %5, SIGNED : (tensor<4x4xi32>, tensor<4x4xi32>) -> tensor<4x4xi1>
    %c_2 = stablehlo.constant dense<0> : tensor<i32>
    %7 = stablehlo.broadcast_in_dim %c_2, dims = [] : (tensor<i32>) -> tensor<4x4xi32>
    %8 = stablehlo.compare LT, %4, %7, SIGNED : (tensor<4x4xi32>, tensor<4x4xi32>) -> tensor<4x4xi1>
    %c_3 = stablehlo.constant dense<0> : tensor<i32>
    %9 = stablehlo.compare LT, %2, %c_3, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    %10 = stablehlo.broadcast_in_dim %9, dims = [] : (tensor<i1>) -> tensor<4x4xi1>
    %11 = stablehlo.compare NE, %8, %10, UNSIGNED : (tensor<4x4xi1>, tensor<4x4xi1>) -> tensor<4x4xi1>
    %12 = stablehlo.and %11, %6 : tensor<4x4xi1>
    %13 = stablehlo.broadcast_in_dim %2, dims = [] : (tensor<i32>) -> tensor<4x4xi32>
    %14 = stablehlo.add %4, %13 : tensor<4x4xi32>
    %15 = stablehlo.select %12, %14, %4 : tensor<4x4xi1>, tensor<4x4xi32>
    return %15 : tensor<4x4xi32>
  }
  func.func private @_where(%arg0: tensor<i1>, %arg1: tensor<i32>, %arg2: tensor<i32>) -> tensor<i32> {
    %0 = stablehlo.select %arg0, %arg1, %arg2 : tensor<i1>, tensor<i32>
    return %0 : tensor<i32>
  }
  func.func private @dynamic_update_index_in_dim(%arg0: tensor<5x4x4xi32>, %arg1: tensor<4x4xi32>, %arg2: tensor<i64>) -> tensor<5x4x4xi32> {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [1, 2] : (tensor<4x4xi32>) -> tensor<1x4x4xi32>
    %c = stablehlo.constant dense<0> : tensor<i64>
    %c_0 = stablehlo.constant dense<0> : tensor<i64>
    %1 = stablehlo.dynamic_update_slice %arg0, %0, %arg2, %c, %c_0 : (tensor<5x4x4xi32>, tensor<1x4x4xi32>, tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<5x4x4xi32>
    return %1 : tensor<5x4x4xi32>
  }
}
