module @bool_game_of_life attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<8x8xi1>) -> (tensor<8x8xi1>, tensor<5x8x8xi32>) {
    %c = stablehlo.constant dense<0> : tensor<i32>
    %0 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<5x8x8xi32>
    %c_0 = stablehlo.constant dense<0> : tensor<i64>
    %1:3 = stablehlo.while(%iterArg = %c_0, %iterArg_1 = %arg0, %iterArg_2 = %0) : tensor<i64>, tensor<8x8xi1>, tensor<5x8x8xi32>
    cond {
      %c_3 = stablehlo.constant dense<5> : tensor<i64>
      %2 = stablehlo.compare LT, %iterArg, %c_3, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      stablehlo.return %2 : tensor<i1>
    } do {
      %2:2 = func.call @closed_call(%iterArg_1) : (tensor<8x8xi1>) -> (tensor<8x8xi1>, tensor<8x8xi32>)
      %3 = func.call @dynamic_update_index_in_dim(%iterArg_2, %2#1, %iterArg) : (tensor<5x8x8xi32>, tensor<8x8xi32>, tensor<i64>) -> tensor<5x8x8xi32>
      %c_3 = stablehlo.constant dense<1> : tensor<i64>
      %4 = stablehlo.add %iterArg, %c_3 : tensor<i64>
      stablehlo.return %4, %2#0, %3 : tensor<i64>, tensor<8x8xi1>, tensor<5x8x8xi32>
    }
    return %1#1, %1#2 : tensor<8x8xi1>, tensor<5x8x8xi32>
  }
  func.func private @closed_call(%arg0: tensor<8x8xi1>) -> (tensor<8x8xi1>, tensor<8x8xi32>) {
    %0 = stablehlo.convert %arg0 : (tensor<8x8xi1>) -> tensor<8x8xi32>
    %1 = call @_roll_static(%0) : (tensor<8x8xi32>) -> tensor<8x8xi32>
    %2 = stablehlo.add %0, %1 : tensor<8x8xi32>
    %3 = call @_roll_static_0(%0) : (tensor<8x8xi32>) -> tensor<8x8xi32>
    %4 = stablehlo.add %2, %3 : tensor<8x8xi32>
    %5 = call @_roll_static_1(%4) : (tensor<8x8xi32>) -> tensor<8x8xi32>
    %6 = stablehlo.add %4, %5 : tensor<8x8xi32>
    %7 = call @_roll_static_2(%4) : (tensor<8x8xi32>) -> tensor<8x8xi32>
    %8 = stablehlo.add %6, %7 : tensor<8x8xi32>
    %9 = stablehlo.subtract %8, %0 : tensor<8x8xi32>
    %c = stablehlo.constant dense<3> : tensor<i32>
    %10 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<8x8xi32>
    %11 = stablehlo.compare EQ, %9, %10, SIGNED : (tensor<8x8xi32>, tensor<8x8xi32>) -> tensor<8x8xi1>
    %c_0 = stablehlo.constant dense<2> : tensor<i32>
    %12 = stablehlo.broadcast_in_dim %c_0, dims = [] : (tensor<i32>) -> tensor<8x8xi32>
    %13 = stablehlo.compare EQ, %9, %12, SIGNED : (tensor<8x8xi32>, tensor<8x8xi32>) -> tensor<8x8xi1>
    %14 = stablehlo.and %arg0, %13 : tensor<8x8xi1>
    %15 = stablehlo.or %11, %14 : tensor<8x8xi1>
    return %15, %9 : tensor<8x8xi1>, tensor<8x8xi32>
  }
  func.func private @_roll_static(%arg0: tensor<8x8xi32>) -> tensor<8x8xi32> {
    %0 = stablehlo.slice %arg0 [7:8, 0:8] : (tensor<8x8xi32>) -> tensor<1x8xi32>
    %1 = stablehlo.slice %arg0 [0:7, 0:8] : (tensor<8x8xi32>) -> tensor<7x8xi32>
    %2 = stablehlo.concatenate %0, %1, dim = 0 : (tensor<1x8xi32>, tensor<7x8xi32>) -> tensor<8x8xi32>
    return %2 : tensor<8x8xi32>
  }
  func.func private @_roll_static_0(%arg0: tensor<8x8xi32>) -> tensor<8x8xi32> {
    %0 = stablehlo.slice %arg0 [1:8, 0:8] : (tensor<8x8xi32>) -> tensor<7x8xi32>
    %1 = stablehlo.slice %arg0 [0:1, 0:8] : (tensor<8x8xi32>) -> tensor<1x8xi32>
    %2 = stablehlo.concatenate %0, %1, dim = 0 : (tensor<7x8xi32>, tensor<1x8xi32>) -> tensor<8x8xi32>
    return %2 : tensor<8x8xi32>
  }
  func.func private @_roll_static_1(%arg0: tensor<8x8xi32>) -> tensor<8x8xi32> {
    %0 = stablehlo.slice %arg0 [0:8, 7:8] : (tensor<8x8xi32>) -> tensor<8x1xi32>
    %1 = stablehlo.slice %arg0 [0:8, 0:7] : (tensor<8x8xi32>) -> tensor<8x7xi32>
    %2 = stablehlo.concatenate %0, %1, dim = 1 : (tensor<8x1xi32>, tensor<8x7xi32>) -> tensor<8x8xi32>
    return %2 : tensor<8x8xi32>
  }
  func.func private @_roll_static_2(%arg0: tensor<8x8xi32>) -> tensor<8x8xi32> {
    %0 = stablehlo.slice %arg0 [0:8, 1:8] : (tensor<8x8xi32>) -> tensor<8x7xi32>
    %1 = stablehlo.slice %arg0 [0:8, 0:1] : (tensor<8x8xi32>) -> tensor<8x1xi32>
    %2 = stablehlo.concatenate %0, %1, dim = 1 : (tensor<8x7xi32>, tensor<8x1xi32>) -> tensor<8x8xi32>
    return %2 : tensor<8x8xi32>
  }
  func.func private @dynamic_update_index_in_dim(%arg0: tensor<5x8x8xi32>, %arg1: tensor<8x8xi32>, %arg2: tensor<i64>) -> tensor<5x8x8xi32> {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [1, 2] : (tensor<8x8xi32>) -> tensor<1x8x8xi32>
    %c = stablehlo.constant dense<0> : tensor<i64>
    %c_0 = stablehlo.constant dense<0> : tensor<i64>
    %1 = stablehlo.dynamic_update_slice %arg0, %0, %arg2, %c, %c_0 : (tensor<5x8x8xi32>, tensor<1x8x8xi32>, tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<5x8x8xi32>
    return %1 : tensor<5x8x8xi32>
  }
}
