using System;
using System.IO;
using System.IO.Pipes;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading;
using System.Threading.Tasks;

namespace Causeway.ADSync.Api;

/// <summary>Opens the stream to a Connect: its local socket or pipe, or TLS to its address.</summary>
internal static class Transport
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);

    public static Stream Open(Connection connection, CancellationToken stop)
    {
        if (connection.Pipe != null) return OpenPipe(connection.Pipe, stop);
        if (connection.Socket != null) return OpenSocket(connection.Socket);
        return OpenTls(connection, stop);
    }

    private static Stream OpenPipe(string name, CancellationToken stop)
    {
        var pipe = new NamedPipeClientStream(".", name, PipeDirection.InOut, PipeOptions.Asynchronous);
        try
        {
            pipe.ConnectAsync((int)ConnectLimit.TotalMilliseconds, stop).GetAwaiter().GetResult();
            return pipe;
        }
        catch
        {
            pipe.Dispose();
            throw;
        }
    }

    private static Stream OpenSocket(string path)
    {
        // .NET Framework has no Unix sockets and lacks this class. Connect's local API is a pipe there.
        var type = typeof(Socket).Assembly.GetType("System.Net.Sockets.UnixDomainSocketEndPoint")
            ?? throw new ConnectException("not-running", $"this PowerShell does not support Unix sockets, so it cannot open '{path}'");
        var address = (EndPoint)Activator.CreateInstance(type, path)!;
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(address);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static Stream OpenTls(Connection connection, CancellationToken stop)
    {
        var host = connection.Address!.DnsSafeHost;
        var client = new TcpClient();
        var certificate = new ServerCertificate(connection.Roots);
        try
        {
            using (stop.Register(client.Dispose))
            {
                if (!Task.Run(() => client.ConnectAsync(host, connection.Address.Port)).Wait(ConnectLimit))
                    throw new TimeoutException($"no answer within {ConnectLimit.TotalSeconds} seconds");
                var stream = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, certificate.Validate);
                // None lets the system choose: TLS 1.2 or later on every supported system.
                stream.AuthenticateAsClient(host, null, SslProtocols.None, checkCertificateRevocation: false);
                return stream;
            }
        }
        catch (Exception error)
        {
            client.Dispose();
            if (certificate.Refusal != null) throw new ConnectException("certificate-refused", certificate.Refusal, error);
            throw error is AggregateException aggregate ? aggregate.GetBaseException() : error;
        }
    }
}
