# A client of the bridge for Elixir: register, watch, set, and run a tool.
#
#   python -m server --port 50051                 # in one terminal
#   elixir examples/elixir/client.exs             # in another one; Elixir 1.15 or newer
#
# The modules of the messages are generated from proto/snakepit_bridge.proto with protoc-gen-elixir; those of
# Snakepit 0.4 (Snakepit.Bridge.*) fit as well. docs/clients.md says what differs from Snakepit's own server.

Mix.install([{:grpc, "~> 0.10"}, {:protobuf, "~> 0.14"}, {:jason, "~> 1.4"}, {:snakepit, "~> 0.4.2"}])

alias Google.Protobuf.Any
alias Snakepit.Bridge, as: Pb
alias Snakepit.Bridge.BridgeService.Stub

defmodule Value do
  @prefix "type.googleapis.com/snakepit."

  # A value is JSON, labelled with its type. NaN and infinities are the strings "NaN", "Infinity", "-Infinity".
  def encode(type, value), do: %Any{type_url: @prefix <> type, value: Jason.encode!(value)}

  # An array that was set as raw bytes has its shape and dtype in the JSON, and little-endian bytes beside it.
  def decode(%Pb.Variable{value: %Any{type_url: url, value: json}, binary_value: bytes}) do
    header = Jason.decode!(json)
    if String.ends_with?(url, ".binary"), do: {header, bytes}, else: header
  end
end

{:ok, channel} = GRPC.Stub.connect("127.0.0.1:50051")
session = "elixir-#{System.unique_integer([:positive])}"
{:ok, _} = Stub.initialize_session(channel, %Pb.InitializeSessionRequest{session_id: session})

{:ok, %{success: true}} =
  Stub.register_variable(channel, %Pb.RegisterVariableRequest{
    session_id: session,
    name: "temperature",
    type: "float",
    initial_value: Value.encode("float", 0.7),
    constraints_json: Jason.encode!(%{min: 0, max: 2}),
    metadata: %{"source" => "elixir"}
  })

# The stream is read in a process of its own. Its first update is the present value, after which no change is missed.
parent = self()

spawn_link(fn ->
  {:ok, updates} =
    Stub.watch_variables(
      channel,
      %Pb.WatchVariablesRequest{
        session_id: session,
        variable_identifiers: ["temperature"],
        include_initial_values: true
      },
      timeout: :infinity
    )

  for {:ok, update} <- updates, update.update_type != "heartbeat", do: send(parent, {:update, update})
end)

receive do
  {:update, %{update_type: "initial_value"}} -> :ok
end

{:ok, %{new_version: version}} =
  Stub.set_variable(channel, %Pb.SetVariableRequest{
    session_id: session,
    variable_identifier: "temperature",
    value: Value.encode("float", 0.9),
    expected_version: 1
  })

receive do
  {:update, update} -> IO.puts("temperature is #{Value.decode(update.variable)} at version #{version}")
end

# A refusal is a GRPC.RPCError with the number of its status.
{:error, %GRPC.RPCError{message: message}} =
  Stub.set_variable(channel, %Pb.SetVariableRequest{
    session_id: session,
    variable_identifier: "temperature",
    value: Value.encode("float", 2.5)
  })

IO.puts("refused: #{message}")

{:ok, %{success: true, result: result}} =
  Stub.execute_tool(channel, %Pb.ExecuteToolRequest{
    session_id: session,
    tool_name: "add",
    parameters: %{"a" => Value.encode("float", 1.5), "b" => Value.encode("float", 2)}
  })

IO.puts("add answered #{result.value}")
{:ok, _} = Stub.cleanup_session(channel, %Pb.CleanupSessionRequest{session_id: session})
GRPC.Stub.disconnect(channel)
